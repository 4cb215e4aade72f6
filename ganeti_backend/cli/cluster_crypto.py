"""gnt-cluster renew-crypto."""

import argparse
from pathlib import Path

from ganeti_backend.cli import following
from ganeti_backend.cli.program import USAGE, Command, Failure, Session, confirm


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-f", "--force", action="store_true", help="do not ask")
    parser.add_argument(
        "--new-cluster-certificate",
        action="store_true",
        help="a new authority, and with it all certificates",
    )
    parser.add_argument("--new-node-certificates", action="store_true")
    parser.add_argument("--new-rapi-certificate", action="store_true")
    secret = parser.add_mutually_exclusive_group()
    secret.add_argument(
        "--new-cluster-domain-secret",
        action="store_true",
        help="another secret for what is agreed on with other clusters",
    )
    secret.add_argument(
        "--cluster-domain-secret",
        type=Path,
        metavar="FILE",
        help="the same secret as other clusters have, for moves between them",
    )
    following.add_submit_options(parser)


def renew(args: argparse.Namespace, session: Session) -> int:
    wanted = {
        "cluster_certificate": args.new_cluster_certificate,
        "node_certificates": args.new_node_certificates,
        "rapi_certificate": args.new_rapi_certificate,
        "new_domain_secret": args.new_cluster_domain_secret,
        "domain_secret": _secret_in(args.cluster_domain_secret),
    }
    if not any(wanted.values()):
        options = "--new-cluster-certificate, --new-node-certificates, --new-rapi-certificate"
        options += ", --new-cluster-domain-secret, --cluster-domain-secret"
        raise Failure(f"Say what to renew: {options}.", USAGE)
    question = "Renew certificates? Clients of the remote API may have to learn the new ones."
    confirm(question, agreed=args.force or args.dry_run)
    op = following.opcode("OP_CLUSTER_RENEW_CRYPTO", args, session, **wanted)
    return following.run(args, session, op)


def _secret_in(path: Path | None) -> str | None:
    if path is None:
        return None
    try:
        return path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(f"{path} cannot be read: {error}", USAGE) from error


COMMANDS = (Command(("renew-crypto",), "renew certificates and their keys", configure, renew),)
