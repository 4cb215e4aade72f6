"""`gnt-instance console`: where the screen is, or what the serial console says, followed live."""

import argparse
import sys

from ganeti_backend.cli.program import SUCCESS, Session

FOLLOW_SECONDS = 0.5
LINES = 2000
# Enough of the end of what was shown to find the same place again after the log moved on.
ANCHOR = 2048


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `console`."""
    parser.add_argument("name", metavar="INSTANCE")
    parser.add_argument("--show-cmd", action="store_true", help="print how to connect, and end")
    parser.add_argument("--serial", action="store_true", help="the serial console, not the screen")
    parser.add_argument("--no-follow", action="store_true", help="print what there is, and end")


def run(args: argparse.Namespace, session: Session) -> int:
    """Print where a VNC screen is; follow a serial console until Ctrl-C."""
    if not args.serial:
        found = session.call("InstanceConsole", name=args.name)
        if found["kind"] == "vnc":
            return _screen(args, found["host"], int(found["port"]))
        if found["kind"] == "msg":
            print(found["message"], file=sys.stderr)
    if args.show_cmd:
        print(f"gnt-instance console --serial {args.name}")
        return SUCCESS
    return _serial(args, session)


def _screen(args: argparse.Namespace, host: str, port: int) -> int:
    if args.show_cmd:
        print(f"vncviewer {host}::{port}")
        return SUCCESS
    print(f"Instance {args.name} has VNC listening on {host}:{port}")
    if sys.stdout.isatty():
        print(f"'gnt-instance console --serial {args.name}' follows its serial console.")
    return SUCCESS


def _serial(args: argparse.Namespace, session: Session) -> int:
    # Imported here, because it would make every other command of gnt-instance slower.
    import threading

    never = threading.Event()
    shown = ""
    if not args.no_follow:
        print(f"Serial console of {args.name}; Ctrl-C ends.", file=sys.stderr, flush=True)
    try:
        while True:
            text = session.call("ConsoleOutput", name=args.name, length=LINES)["output"]
            sys.stdout.write(news(shown, text))
            sys.stdout.flush()
            shown = text
            if args.no_follow:
                return SUCCESS
            never.wait(FOLLOW_SECONDS)
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return SUCCESS


def news(shown: str, text: str) -> str:
    """What of a log's end was not shown yet; all of it if the log began anew."""
    if text.startswith(shown):
        return text[len(shown) :]
    anchor = shown[-ANCHOR:]
    place = text.rfind(anchor)
    return text[place + len(anchor) :] if place >= 0 else text
