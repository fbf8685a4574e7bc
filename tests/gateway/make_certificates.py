#!/usr/bin/env python3
"""Certificates for tests, made anew each time by the openssl program: an authority, what it has issued and revoked.

usage: make_certificates.py DIRECTORY    (what tls_stream_test needs)
"""
import pathlib
import subprocess
import sys

CONFIG = """[ca]
default_ca = here
[here]
dir = {directory}
database = {directory}/index.txt
serial = {directory}/serial
crlnumber = {directory}/crlnumber
new_certs_dir = {directory}
certificate = {directory}/ca.pem
private_key = {directory}/ca.key
default_md = sha256
default_days = 2
default_crl_days = 2
policy = any
unique_subject = no
[any]
commonName = supplied
[leaf]
basicConstraints = critical,CA:false
[req]
distinguished_name = none
[none]
"""


class Authority:
    def __init__(self, directory, name="Test Authority"):
        self.directory = pathlib.Path(directory).resolve()
        self.directory.mkdir(parents=True)
        (self.directory / "index.txt").touch()
        for counter in ("serial", "crlnumber"):
            (self.directory / counter).write_text("1000\n")
        (self.directory / "ca.cnf").write_text(CONFIG.format(directory=self.directory))
        self.new_key("ca")
        self.openssl("req", "-x509", "-new", "-key", "ca.key", "-subj", f"/CN={name}", "-days", "2", "-out", "ca.pem",
                     "-addext", "basicConstraints=critical,CA:true",
                     "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-config", "ca.cnf")
        self.certificate = self.directory / "ca.pem"
        self.revocation_list = self.directory / "revoked.crl"
        self.write_list()

    def openssl(self, *arguments):
        done = subprocess.run(["openssl", *map(str, arguments)], cwd=self.directory, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"openssl {' '.join(map(str, arguments))}: {done.stderr}")

    def new_key(self, name):
        self.openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", f"{name}.key")
        (self.directory / f"{name}.key").chmod(0o600)

    def issue(self, name, common_name, start=None, end=None):
        """NAME.pem and NAME.key; times as 20200131120000Z."""
        self.new_key(name)
        self.openssl("req", "-new", "-key", f"{name}.key", "-subj", f"/CN={common_name}", "-out", f"{name}.csr",
                     "-config", "ca.cnf")
        self.openssl("ca", "-batch", "-config", "ca.cnf", "-extensions", "leaf", "-notext", "-in", f"{name}.csr",
                     "-out", f"{name}.pem", *(["-startdate", start] if start else []), *(["-enddate", end] if end else []))
        return self.directory / f"{name}.pem", self.directory / f"{name}.key"

    def revoke(self, name):
        self.openssl("ca", "-config", "ca.cnf", "-revoke", f"{name}.pem")
        self.write_list()

    def write_list(self):
        """Put in the old one's place whole, as an operator should."""
        self.openssl("ca", "-config", "ca.cnf", "-gencrl", "-out", "next.crl")
        (self.directory / "next.crl").replace(self.revocation_list)


if __name__ == "__main__":
    authority = Authority(sys.argv[1])
    authority.issue("server", "gateway.test")
    authority.issue("client", "client.test")
