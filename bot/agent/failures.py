"""What a person is told when the agent failed. The log has the trace."""

from langgraph.errors import GraphRecursionError

from bot.agent.middleware import ModelCutOff


def sentence_for(error: BaseException) -> str:
    """Say in a sentence what went wrong, without a word of the error itself."""
    kind = type(error).__name__
    if isinstance(error, ModelCutOff):
        return "The language model's answer was cut off. Please ask again."
    if isinstance(error, GraphRecursionError):
        return "The agent took too many steps and was stopped."
    if "Timeout" in kind:
        return "The language model did not answer in time. Please ask again."
    if "RateLimit" in kind:
        return "The language model has too much to do. Please ask again in a minute."
    if "Authentication" in kind or "PermissionDenied" in kind:
        return "The language model refused our key. The operator has to look at it."
    return "The language model or the agent failed. Please ask again."
