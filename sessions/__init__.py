"""Records and files: live sessions, messages, approvals, and what keeps them on disk."""
