"""The plugin: what Axolotl calls while it trains.

In: Axolotl's hooks and the trainer's callbacks. Out: events of the run, and at its end a trace.
Axolotl calls `post_train` twice, and each process of a distributed run has a plugin of its own: only
the first process writes, and whatever is done at the end is done once.
"""

import logging
import os
from pathlib import Path
from typing import Any

from axolotl.integrations.base import BasePlugin
from transformers import TrainerCallback

from twin_axolotl.langfuse import Keys, send
from twin_axolotl.record import Recorder

LOG = logging.getLogger(__name__)


class Recording(TrainerCallback):  # type: ignore[misc, unused-ignore]
    """Writes what the trainer logs, and ends it at a checkpoint when it is asked to.

    Args:
        recorder: where to.
    """

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Tell how many steps there will be."""
        del args, control
        if state.is_world_process_zero:
            self.recorder.write(
                "begin",
                step=state.global_step,
                steps=state.max_steps,
                epochs=state.num_train_epochs,
            )

    def on_log(
        self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any
    ) -> None:
        """Tell the numbers of a step."""
        del args, control
        if state.is_world_process_zero and logs:
            self.recorder.log(state.global_step, state.epoch, logs)

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Tell that a checkpoint was written."""
        del args, control
        if state.is_world_process_zero:
            self.recorder.write("save", step=state.global_step)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> Any:
        """Stop at a checkpoint when asked to, unless several processes would have to agree on it."""
        if self.recorder.stopping and args.world_size == 1 and not control.should_training_stop:
            self.recorder.write("stop", step=state.global_step)
            control.should_save = True
            control.should_training_stop = True
        return control

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Tell that training is over."""
        del args, control
        if state.is_world_process_zero:
            self.recorder.write("end", step=state.global_step)


class TwinPlugin(BasePlugin):  # type: ignore[misc, unused-ignore]
    """Records a run, and tells Langfuse of it."""

    def __init__(self) -> None:
        super().__init__()
        self.recorder = Recorder(None)
        self._done = False

    def get_input_args(self) -> str:
        """Name the model of the keys that this plugin adds."""
        return "twin_axolotl.arguments.TwinArguments"

    def register(self, cfg: Any) -> None:
        """Take the run's folder; called before the configuration is checked."""
        folder = cfg.get("twin_run")
        # A configuration that is only checked names a folder that is not there yet.
        if folder and Path(folder).is_dir() and int(os.environ.get("RANK", "0")) == 0:
            self.recorder = Recorder(Path(folder))
        self.recorder.write("hook", name="register")

    def pre_model_load(self, cfg: Any) -> None:
        """Tell that the data are ready and the model is being loaded."""
        del cfg
        self.recorder.write("hook", name="pre_model_load")

    def post_model_load(self, cfg: Any, model: Any) -> None:
        """Tell the parameters of the model that will be trained."""
        del cfg
        parameters = [(p.numel(), p.requires_grad) for p in model.parameters()]
        self.recorder.write(
            "hook",
            name="post_model_load",
            parameters=sum(size for size, _ in parameters),
            trainable=sum(size for size, trained in parameters if trained),
        )

    def add_callbacks_pre_trainer(self, cfg: Any, model: Any) -> list[TrainerCallback]:
        """Give the callback that records."""
        del cfg, model
        return [Recording(self.recorder)]

    def post_train(self, cfg: Any, model: Any) -> None:
        """Tell Langfuse, once."""
        del model
        if self._done:
            return
        self._done = True
        self.recorder.write("hook", name="post_train")
        if not cfg.get("use_langfuse") or self.recorder.folder is None:
            return
        keys = Keys.of(os.environ)
        if keys is None:
            LOG.warning("use_langfuse is set, but LANGFUSE_PUBLIC_KEY and _SECRET_KEY are not")
            return
        facts = {
            "base_model": str(cfg.get("base_model")),
            "adapter": str(cfg.get("adapter") or "none"),
            "rl": str(cfg.get("rl") or "sft"),
            "learning_rate": str(cfg.get("learning_rate")),
            "seed": str(cfg.get("seed")),
        }
        try:
            send(keys, self.recorder.folder, str(cfg.get("twin_run_id") or "run"), facts)
        except OSError as error:
            # A tracker that is away costs nobody a trained model.
            LOG.warning("Langfuse was not told of the run: %s", error)
