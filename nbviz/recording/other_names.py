"""Names by which other loggers call what a Run has under its own, or what it has not."""

from __future__ import annotations

_WRITER = {
    "add_audio": "log_audio(tag, samples, sample_rate, step)",
    "add_embedding": "log_embedding(tag, vectors, labels=…, step=step)",
    "add_figure": "log_figure(tag, figure, step)",
    "add_hparams": "update_config(values) and run.log(metrics, step)",
    "add_histogram": "log_histogram(tag, values, step)",
    "add_image": "log_image(tag, image, step)",
    "add_images": "log_images(tag, images, step)",
    "add_mesh": "log_mesh(tag, vertices, faces=…, step=step)",
    "add_pr_curve": "log_pr_curve(tag, labels, predictions, step)",
    "add_scalar": "log({tag: value}, step)",
    "add_scalars": "log({main_tag: values}, step)",
    "add_text": "log_text(tag, text, step)",
    "add_video": "log_video(tag, frames, fps, step)",
}
_OTHERS = {
    "add_graph": "nbviz.graph(model, example) shows a model's graph",
    "alert": "run.print(text) writes a line of the log",
    "define_metric": "every tag has its lowest and highest value, and a step of its own",
    "log_artifact": "keep files where you want them; trainer.save(path) keeps a model",
    "log_artifacts": "keep files where you want them; trainer.save(path) keeps a model",
    "log_dict": "run.log(values, step)",
    "log_hyperparams": "run.update_config(values)",
    "log_metric": "run.log({tag: value}, step)",
    "log_metrics": "run.log(values, step)",
    "log_param": "run.update_config({name: value})",
    "log_params": "run.update_config(values)",
    "set_tag": "run.update_config({name: value})",
    "set_tags": "run.update_config(values)",
    "summary": "run[tag].last is a tag's last value",
}


def not_of_a_run(name: str, where: str) -> AttributeError:
    """Return the error for a name that a Run has not; of other loggers' it says what to use.

    Args:
        name: The name.
        where: What does not have it, as Python says it.
    """
    text = f"{where} has no attribute {name!r}"
    if name in _WRITER:
        text += (
            f", which is SummaryWriter's; use run.{_WRITER[name]}. With nbviz.SummaryWriter, or "
            "nbviz.integrations.lightning.TensorBoardLogger in Lightning, the call stays as it is."
        )
    elif name in _OTHERS:
        text += f"; {_OTHERS[name]}."
    return AttributeError(text, name=name)
