"""What a person is told when the agent failed. The log has the trace."""

from langgraph.errors import GraphRecursionError

from bot.agent.model_answers import ModelCutOff, ModelGarbled

OF_OURS: tuple[tuple[type[BaseException], str], ...] = (
    (ModelCutOff, "The language model's answer was cut off. Please ask again."),
    (ModelGarbled, "The language model's answer could not be understood. Please ask again."),
    (GraphRecursionError, "The agent took too many steps and was stopped."),
)

BY_NAME = (
    ("Timeout", "The language model did not answer in time. Please ask again."),
    ("RateLimit", "The language model has too much to do. Please ask again in a minute."),
    ("Authentication", "The language model refused our key. The operator has to look at it."),
    ("PermissionDenied", "The language model refused our key. The operator has to look at it."),
)
"""Providers name their errors alike, and are not imported to compare them."""


def sentence_for(error: BaseException) -> str:
    """Say in a sentence what went wrong, without a word of the error itself."""
    for kind, sentence in OF_OURS:
        if isinstance(error, kind):
            return sentence
    for part, sentence in BY_NAME:
        if part in type(error).__name__:
            return sentence
    return "The language model or the agent failed. Please ask again."
