"""Run the command line: `python -m bot run`."""

from bot.cli import main

if __name__ == "__main__":
    main()
