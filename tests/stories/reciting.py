"""A tool of one's own that says much: a long text with a long program in it."""

from langchain_core.tools import tool

CODE = "\n".join(f"print({number}, 'the line of a program')" for number in range(500))
LONG = f"Here it is:\n\n```python\n{CODE}\n```\n\n{'That was all of it. ' * 20}".strip()


@tool
def recite(what: str) -> str:
    """Say all of it."""
    return LONG


TOOLS = [recite]
