"""Starts and stops a whole stand on this machine: exchange stand-in, keeper, gateway, with data made for
it. Used by deploy/demo.py and by the tests that need real programs. It knows no orders."""
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent


def free_ports(count):
    """Ports nobody uses now on any address, all different: the exchange stand-in binds them on all, where the
    rest of a connection from another loopback address would be in its way."""
    held = [socket.socket() for _ in range(count)]
    try:
        for one in held:
            one.bind(("0.0.0.0", 0))  # never listened on
        return [one.getsockname()[1] for one in held]
    finally:
        for one in held:
            one.close()


class Stand:
    def __init__(self, directory, programs, make_demo=(), gateway_settings=None, exchange_options=(), lines=1):
        self.directory = pathlib.Path(directory).resolve()
        self.programs = pathlib.Path(programs).resolve()
        self.front = pathlib.Path("/dev/shm") / f"fairlead-{self.directory.name}-{os.getpid()}"
        self.processes = {}
        self.exchange_options = list(exchange_options)
        self.origin = None
        self.desk_port = None
        shutil.rmtree(self.directory, ignore_errors=True)
        (self.directory / "run").mkdir(parents=True)
        client, *ports = free_ports(1 + 2 * lines)
        twse, tpex = ports[:lines], ports[lines:]
        self.client_port = client
        subprocess.run(
            [sys.executable, str(ROOT / "config/demo/make_demo.py"), "--out", str(self.directory), "--client-port",
             str(client), "--twse-port", *map(str, twse), "--tpex-port", *map(str, tpex), "--run",
             str(self.directory / "run"), "--front", str(self.front), *map(str, make_demo)],
            check=True, stdout=subprocess.DEVNULL)
        if not (self.directory / "users.toml").exists():
            shutil.copy(ROOT / "config/demo/users.toml", self.directory)
        self.config = self.directory / "demo.toml"
        self.verifier_key = self.make_key()
        text = self.config.read_text()
        text = text.replace("[journal]\n", f'[journal]\ncheckpoint_key = "{self.directory}/run/keeper.key"\n', 1)
        # Passwords are checked slowly on purpose and at low priority: a busy machine takes its time.
        # FAIRLEAD_POLLING=false: where several stands share a processor or two, an order thread that spins takes it
        # from the others.
        usual = {"logon_timeout_s": 60} | ({"polling": os.environ["FAIRLEAD_POLLING"]} if "FAIRLEAD_POLLING" in os.environ else {})
        for key, value in (usual | (gateway_settings or {})).items():
            text, found = re.subn(rf"(?m)^{key} = .*$", f"{key} = {value}", text)
            if not found:
                section = "gateway" if key in ("logon_timeout_s", "polling", "order_cpu", "confine") else "journal"
                text = text.replace(f"[{section}]\n", f"[{section}]\n{key} = {value}\n", 1)
        self.config.write_text(text)
        exchange = (ROOT / "bench/exchange/exchange.toml").read_text()
        exchange = exchange.replace("../../config/demo/", "").replace("../../config/", f"{ROOT}/config/")
        exchange = exchange[:exchange.index("# T = TWSE")]
        for market, password, of_market in (("T", "9999", twse), ("O", "4711", tpex)):
            for number, port in enumerate(of_market):
                exchange += (f'[[line]]\nsender_comp_id = "{market}8610H{3 + number}"\npassword = "{password}"\n'
                             f"port = {port}\n")
        (self.directory / "exchange.toml").write_text(exchange)
        self.witness = self.directory / "run/witness.tsv"  # None before the exchange starts: it writes none
        self.journal = self.directory / "run/journal"

    def make_key(self):
        """The key that signs this stand's checkpoints; the public one is given back."""
        return subprocess.run(
            [str(self.programs / "fairlead"), "key", "new", f"fairlead.example/{self.directory.name}",
             str(self.directory / "run/keeper.key")], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()

    # --- processes

    def start(self, name, *arguments):
        log = open(self.directory / f"run/{name}.log", "ab")
        self.processes[name] = subprocess.Popen(
            [str(self.programs / f"fairlead-{name}"), *map(str, arguments)], stdout=log, stderr=log,
            stdin=subprocess.DEVNULL, cwd=self.directory)
        log.close()
        return self.processes[name]

    def start_exchange(self):
        self.origin = self.origin or time.time_ns()
        witness = ["--witness", self.witness] if self.witness else []
        self.start("exchange", "--config", "exchange.toml", *witness, "--day-origin", self.origin,
                   "--control", self.directory / "run/exchange-control", *self.exchange_options)

    def start_keeper(self):
        self.start("keeper", "--config", self.config)

    def start_gateway(self):
        self.start("gateway", "--config", self.config, "--day-origin", self.origin)

    def make_desk(self, settings=None):
        """desk.toml of this stand, and a certificate made for it alone. The console is shown if it is built."""
        run = self.directory / "run"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-keyout", str(run / "desk.key"), "-out", str(run / "desk.crt"), "-days", "30", "-subj",
             "/CN=fairlead-desk", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        (run / "desk.key").chmod(0o600)
        self.desk_port = free_ports(1)[0]
        console = self.programs.parent / "console"
        values = {"port": self.desk_port, "certificate": f'"{run}/desk.crt"', "certificate_key": f'"{run}/desk.key"',
                  "console_directory": f'"{console}"' if (console / "index.html").exists() else '""',
                  "journal": f'"{self.journal}"', "front": f'"{self.front}"',
                  "control_socket": f'"{run}/control"', "exposure_step_s": 1, **(settings or {})}
        sizes = dict(re.findall(r"(?m)^(\w+) = (\d+)$", self.config.read_text().partition("[sizes]\n")[2].partition("\n[")[0]))
        text = (ROOT / "config/desk.toml").read_text()
        head, mark, rest = text.partition("[sizes]\n")
        rest, keep_mark, keep = rest.partition("[keep]\n")
        for key, value in sizes.items():
            rest = re.sub(rf"(?m)^{key} = .*$", f"{key} = {value}", rest)
        for key, value in values.items():
            head, in_head = re.subn(rf"(?m)^{key} = .*$", f"{key} = {value}", head)
            keep, in_keep = re.subn(rf"(?m)^{key} = .*$", f"{key} = {value}", keep)
            if in_head + in_keep == 0:
                raise KeyError(f"desk.toml has no {key}")
        (self.directory / "desk.toml").write_text(head + mark + rest + keep_mark + keep)

    def start_desk(self, settings=None):
        if self.desk_port is None:
            self.make_desk(settings)
        self.start("desk", "--config", self.directory / "desk.toml")

    def start_all(self):
        self.start_exchange()
        self.start_keeper()
        self.start_gateway()

    def alive(self, name):
        return name in self.processes and self.processes[name].poll() is None

    def kill(self, name):
        self.processes[name].kill()
        self.processes[name].wait()

    def stop(self, name, seconds=20):
        """Orderly: SIGTERM and wait. The exit code; None when it had to be killed."""
        process = self.processes.get(name)
        if process is None or process.poll() is not None:
            return process.returncode if process else 0
        process.send_signal(signal.SIGTERM)
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return None

    def stop_all(self, seconds=20):
        desk = ("desk",) if "desk" in self.processes else ()
        return {name: self.stop(name, seconds) for name in (*desk, "gateway", "keeper", "exchange")}

    def clean(self):
        for process in self.processes.values():
            if process.poll() is None:
                process.kill()
                process.wait()
        shutil.rmtree(self.front, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.clean()

    # --- questions

    def control(self, user, *words, check=True):
        """One request through the `fairlead` program; its answer."""
        environment = dict(os.environ, FAIRLEAD_PASSWORD=f"demo-{user}")
        if "--approver" in words:
            approver = words[words.index("--approver") + 1]
            environment["FAIRLEAD_APPROVER_PASSWORD"] = f"demo-{approver}"
        done = subprocess.run(
            [str(self.programs / "fairlead"), "--socket", str(self.directory / "run/control"), "--user", user,
             "--json", *map(str, words)], capture_output=True, text=True, env=environment, timeout=30)
        if check and done.returncode != 0:
            raise RuntimeError(f"fairlead {' '.join(map(str, words))}: {done.stdout}{done.stderr}")
        return json.loads(done.stdout) if done.stdout.strip() else {}

    def wait_until_open(self, seconds=60, say=lambda text: None):
        """Until every venue line is open for orders."""
        deadline = time.time() + seconds
        told = time.time()
        last = ""
        while time.time() < deadline:
            if not self.alive("gateway"):
                raise RuntimeError("the gateway ended: see " + str(self.directory / "run/gateway.log"))
            try:
                row = self.control("operator", "status")["rows"][0]
                if row["lines_on"] == row["lines"] and row["road_twse"] == "none" and row["road_tpex"] == "none":
                    return
                last = json.dumps(row)
            except (RuntimeError, subprocess.TimeoutExpired, KeyError, IndexError) as problem:
                last = str(problem)
            if time.time() - told > 2:
                told = time.time()
                say("waiting for the gateway and its venue lines")
            time.sleep(0.2)
        raise RuntimeError("venue lines did not open: " + last)

    def load(self, *arguments, **options):
        return subprocess.Popen(
            [str(self.programs / "fairlead-load"), *arguments[:1], "--config", str(self.config), "--password",
             "demo-{user}", *map(str, arguments[1:])], cwd=self.directory, **options)
