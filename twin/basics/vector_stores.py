"""Qdrant as components: embedded in this process, and as a server.

In: options. Out: stores that fill `twin.points.VectorStore`.
"""

from pydantic import Field

from twin.components import BuildContext, Options, VectorStoreComponent
from twin.errors import ConfigurationError
from twin.points import VectorStore


class EdgeOptions(Options):
    """Options of the embedded store."""

    collection: str = Field(default="twin", pattern=r"^[A-Za-z0-9_-]+$")


class ServerOptions(Options):
    """Options of the server."""

    url: str = Field(default="http://127.0.0.1:6333", description="`:memory:` keeps nothing.")
    collection: str = Field(default="twin", min_length=1)
    api_key_env: str = Field(
        default="QDRANT_API_KEY", description="The environment variable that holds the key."
    )
    timeout: int = Field(default=30, ge=1, description="Seconds of one request.")


def _edge(options: EdgeOptions, ctx: BuildContext) -> VectorStore:
    from twin.index.shared_store import SharedEdgeStore  # noqa: PLC0415 - a native library

    return SharedEdgeStore(ctx.data / ctx.collection(options.collection))


def _server(options: ServerOptions, ctx: BuildContext) -> VectorStore:
    from qdrant_client import QdrantClient  # noqa: PLC0415 - half a second

    from twin.index.qdrant_server import QdrantServerStore  # noqa: PLC0415

    try:
        if options.url == ":memory:":
            client = QdrantClient(":memory:")
        else:
            client = QdrantClient(
                url=options.url,
                api_key=ctx.secret(options.api_key_env),
                timeout=options.timeout,
                check_compatibility=False,
            )
    except ValueError as error:
        message = f"index.store.url: {options.url!r} cannot be used: {error}"
        raise ConfigurationError(message, "as in http://127.0.0.1:6333") from error
    in_memory = options.url == ":memory:"
    name = ctx.collection(options.collection)
    return QdrantServerStore(client, name, options.url, in_memory=in_memory)


COMPONENTS = (
    VectorStoreComponent(
        name="qdrant-edge",
        summary="Qdrant's engine in this process, a folder in the home",
        options=EdgeOptions,
        build=_edge,
    ),
    VectorStoreComponent(
        name="qdrant",
        summary="A Qdrant server",
        options=ServerOptions,
        build=_server,
    ),
)
