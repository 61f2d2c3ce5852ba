"""The agent: a LangGraph graph, its tools, and what keeps them safe."""
