"""Times as people write them: when to be told of something, once or again and again."""
