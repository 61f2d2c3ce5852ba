"""Discord: direct messages, servers, threads, slash commands and cards."""
