"""Two hosts on one machine: a stand, and beside it another host with a journal, a front, a control socket and keys of
its own, which can be its standby and take over from it. Both know the same venue lines and client sessions."""
import copy
import json
import re
import shutil
import sys
import time

sys.path[:0] = [str(__import__("pathlib").Path(__file__).resolve().parent.parent / "gateway")]
from make_certificates import Authority  # noqa: E402
from stand import free_ports  # noqa: E402

PROGRAMS = ("ship", "standby", "gateway", "keeper")


def other_host(stand, same_client_port=True):
    """The second host of a stand that has not been started yet."""
    host = copy.copy(stand)
    host.directory = stand.directory / "b"
    host.front = stand.front.with_name(stand.front.name + "-b")
    host.processes = {}
    shutil.copytree(stand.directory, host.directory, ignore=shutil.ignore_patterns("run", "b"))
    (host.directory / "run").mkdir()
    host.config = host.directory / "demo.toml"
    host.journal = host.directory / "run/journal"
    host.verifier_key = host.make_key()
    if not same_client_port:
        host.client_port = free_ports(1)[0]
    host.config.write_text(
        host.config.read_text().replace(f"{stand.directory}/run", f"{host.directory}/run")
        .replace(f'"{stand.front}"', f'"{host.front}"').replace(f":{stand.client_port}\"", f":{host.client_port}\""))
    return host


def certify(authority, host, name):
    authority.issue(name, name)
    host.name, host.certificates, host.standby_port = name, authority, free_ports(1)[0]


def replica(host, level, standbys=(), leader=None, acknowledge="disk", lost_ms=1000, port=None):
    """Writes the host's level and [replica]."""
    text = host.config.read_text().partition("\n[replica]")[0] + "\n"
    text = re.sub(r'(?m)^level = .*$', f'level = "{level}"', text, count=1)
    files = host.certificates.directory
    lines = [f'authority = "{files}/ca.pem"', f'certificate = "{files}/{host.name}.pem"',
             f'key = "{files}/{host.name}.key"', f'acknowledge = "{acknowledge}"', f"lost_ms = {lost_ms}"]
    if standbys:
        named = ", ".join(f'"{one.name}@127.0.0.1:{port or one.standby_port}"' for one in standbys)
        lines.append(f"standbys = [{named}]")
    if leader is not None:
        lines += [f'listen = "127.0.0.1:{host.standby_port}"', f'leader = "{leader.name}"',
                  f'leader_key = "{leader.verifier_key}"']
    host.config.write_text(text + "\n[replica]\n" + "\n".join(lines) + "\n")


def start(host, *programs):
    for program in programs:
        if program in ("ship", "standby"):
            host.start(program, "--config", host.config)
        elif program == "keeper":
            host.start_keeper()
        else:
            host.start_gateway()


def status(host):
    return host.control("operator", "status")["rows"][0]


def wait_for(what, condition, seconds=60):
    deadline = time.time() + seconds
    last = None
    while time.time() < deadline:
        try:
            last = condition()
        except (RuntimeError, KeyError, IndexError, json.JSONDecodeError) as problem:
            last = problem
        if last and not isinstance(last, Exception):
            return last
        time.sleep(0.1)
    raise RuntimeError(f"{what} did not come within {seconds} s; last: {last}")


def log_of(host, program):
    return (host.directory / f"run/{program}.log").read_text()


def stop(hosts):
    for host in hosts:
        for process in host.processes.values():
            if process.poll() is None:
                process.kill()
                process.wait()
        shutil.rmtree(host.front, ignore_errors=True)


def authority_in(directory):
    return Authority(directory / "certificates")
