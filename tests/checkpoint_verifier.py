#!/usr/bin/env python3
"""A second verifier of Fairlead's checkpoints and proofs, for whom trusts none of Fairlead's programs. Written
from the published texts alone: RFC 6962 section 2.1 and RFC 9162 section 2.1.3 and 2.1.4 (trees, proofs),
c2sp.org/signed-note, tlog-checkpoint, tlog-proof, tlog-witness (text forms), and audit/FORMAT.md (what the
leaf of a record is). Python's standard library, and the `openssl` command for the Ed25519 signature.

usage: checkpoint_verifier.py --key VKEY note FILE...              signed checkpoints, one or many in a file
       checkpoint_verifier.py --key VKEY inclusion PROOF [DIR...]  with DIR the leaf is made from the journal
       checkpoint_verifier.py --key VKEY consistency OLD PROOF
       checkpoint_verifier.py --key VKEY journal DIR [SPARE]       every checkpoint kept, against every record

Exit 0: all of it verifies; 1: it does not, and why.
"""
import base64
import binascii
import hashlib
import pathlib
import re
import struct
import subprocess
import sys
import tempfile

ED25519 = 0x01
# SubjectPublicKeyInfo of an Ed25519 key up to the key itself (RFC 8410).
SPKI_START = bytes.fromhex("302a300506032b6570032100")


class Refused(Exception):
    """What is wrong, in words."""


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def from_base64(text, size=None):
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as problem:
        raise Refused(f"'{text}' is not base64: {problem}") from None
    if base64.b64encode(value).decode() != text or size not in (None, len(value)):
        raise Refused(f"'{text}' is not base64 of {size} bytes")
    return value


# --- RFC 6962: the tree

def leaf_hash(data):
    return sha256(b"\0", data)


def node_hash(left, right):
    return sha256(b"\1", left, right)


def tree_hash(leaves):
    """MTH of leaf hashes, as section 2.1 defines it."""
    if not leaves:
        return sha256()
    if len(leaves) == 1:
        return leaves[0]
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return node_hash(tree_hash(leaves[:k]), tree_hash(leaves[k:]))


def root_from_inclusion(leaf, index, size, path):
    """RFC 9162 2.1.3.2."""
    if not 0 <= index < size:
        raise Refused(f"leaf {index} is not in a tree of {size}")
    fn, sn, r = index, size - 1, leaf
    for p in path:
        if sn == 0:
            raise Refused("the inclusion proof has too many hashes")
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node_hash(r, p)
        fn, sn = fn >> 1, sn >> 1
    if sn:
        raise Refused("the inclusion proof has too few hashes")
    return r


def check_consistency(old_size, old_root, size, root, path):
    """RFC 9162 2.1.4.2, with the cases it leaves to the caller."""
    if old_size > size:
        raise Refused(f"the older tree has {old_size} leaves, the newer {size}")
    if old_size in (0, size):
        if path:
            raise Refused("a consistency proof from nothing, or of a tree with itself, must be empty")
        if old_root != (sha256() if old_size == 0 else root):
            raise Refused("trees of one size have two roots")
        return
    path = list(path)
    if old_size & (old_size - 1) == 0:
        path.insert(0, old_root)
    if not path:
        raise Refused("the consistency proof has too few hashes")
    fn, sn = old_size - 1, size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            raise Refused("the consistency proof has too many hashes")
        if fn & 1 or fn == sn:
            fr, sr = node_hash(c, fr), node_hash(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, c)
        fn, sn = fn >> 1, sn >> 1
    if sn or fr != old_root or sr != root:
        raise Refused("the consistency proof does not lead from the older root to the newer")


class Edge:
    """The same root as tree_hash, leaf by leaf."""

    def __init__(self):
        self.size, self.nodes = 0, []

    def add(self, leaf):
        carry = self.size
        while carry & 1:
            leaf, carry = node_hash(self.nodes.pop(), leaf), carry >> 1
        self.nodes.append(leaf)
        self.size += 1

    def root(self):
        nodes = self.nodes or [sha256()]
        root = nodes[-1]
        for node in reversed(nodes[:-1]):
            root = node_hash(node, root)
        return root


# --- C2SP: notes

class Key:
    def __init__(self, vkey):
        name, digits, text = vkey.split("+", 2)
        value = from_base64(text, 33)
        if value[0] != ED25519:
            raise Refused(f"{vkey}: not an Ed25519 key")
        self.name, self.public = name, value[1:]
        self.id = sha256(name.encode(), b"\n", value)[:4]
        if self.id.hex() != digits:
            raise Refused(f"{vkey}: its key hash is {self.id.hex()}")

    def verifies(self, text, signature):
        pem = base64.b64encode(SPKI_START + self.public).decode()
        with tempfile.TemporaryDirectory() as place:
            place = pathlib.Path(place)
            (place / "key").write_text(f"-----BEGIN PUBLIC KEY-----\n{pem}\n-----END PUBLIC KEY-----\n")
            (place / "text").write_bytes(text)
            (place / "signature").write_bytes(signature)
            return subprocess.run(
                ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", place / "key", "-rawin", "-in", place / "text",
                 "-sigfile", place / "signature"], capture_output=True).returncode == 0


class Checkpoint:
    """A signed tree head; it only comes to be when the key's signature verifies."""

    def __init__(self, note, key):
        if re.search(rb"[\0-\x09\x0b-\x1f]", note):
            raise Refused("the note has control characters")
        text, blank, signatures = note.rpartition(b"\n\n")
        text += b"\n"
        if not blank or not signatures.endswith(b"\n"):
            raise Refused("the note has no empty line, or does not end with a newline")
        lines = text.decode("utf-8").split("\n")
        if len(lines) < 4 or "" in lines[:-1]:
            raise Refused("the text must be origin, size and root, without empty lines")
        self.origin, size, root = lines[:3]
        if not re.fullmatch("0|[1-9][0-9]*", size):
            raise Refused(f"tree size '{size}'")
        self.size, self.root = int(size), from_base64(root, 32)
        known = 0
        for line in signatures.decode("utf-8").splitlines():
            found = re.fullmatch("\u2014 ([^ +]+) ([A-Za-z0-9+/=]+)", line)
            if not found:
                raise Refused(f"signature line '{line}'")
            value = from_base64(found[2])
            if found[1] != key.name or value[:4] != key.id:
                continue  # somebody else's
            if not key.verifies(text, value[4:]):
                raise Refused(f"the signature of {key.name} does not verify")
            known += 1
        if not known:
            raise Refused(f"not signed by {key.name}+{key.id.hex()}")
        if self.origin != key.name:
            raise Refused(f"origin '{self.origin}' is not the key's name '{key.name}'")


def notes_of(data):
    """Many in a file stand one behind the other, each followed by an empty line."""
    parts = data.split(b"\n\n")
    if len(parts) == 2:  # one alone
        return [data]
    if len(parts) % 2 != 1 or parts[-1]:
        raise Refused("the file ends in the middle of a note")
    return [parts[i] + b"\n\n" + parts[i + 1] + b"\n" for i in range(0, len(parts) - 1, 2)]


def hash_lines(lines):
    return [from_base64(line, 32) for line in lines]


def check_inclusion(proof, key, leaf=None):
    """tlog-proof. leaf: hash of what the journal has; without it the proof's own leaf input counts."""
    head, _, note = proof.partition(b"\n\n")
    lines = head.decode().split("\n")
    if lines.pop(0) != "c2sp.org/tlog-proof@v1":
        raise Refused("not a tlog-proof")
    extra = from_base64(lines.pop(0)[6:]) if lines[0].startswith("extra ") else None
    found = re.fullmatch("index (0|[1-9][0-9]*)", lines.pop(0))
    if not found or extra is None:
        raise Refused("the proof has no index, or no leaf input in its extra line")
    index = int(found[1])
    checkpoint = Checkpoint(note, key)
    sequence, = struct.unpack_from("<Q", extra, 16)
    if len(extra) < 64 or sequence != index + 1:
        raise Refused(f"the leaf input is record {sequence}, the proof is for record {index + 1}")
    if leaf is not None and leaf_hash(extra) != leaf:
        raise Refused(f"the leaf input is not that of the journal's record {sequence}")
    if root_from_inclusion(leaf_hash(extra), index, checkpoint.size, hash_lines(lines)) != checkpoint.root:
        raise Refused(f"record {sequence} is not in the tree of this checkpoint")
    return sequence, checkpoint


def check_growth(old_note, proof, key):
    """The body that a tlog-witness is sent."""
    head, _, note = proof.partition(b"\n\n")
    lines = head.decode().split("\n")
    old, checkpoint = Checkpoint(old_note, key), Checkpoint(note, key)
    if lines[0] != f"old {old.size}":
        raise Refused(f"the proof says '{lines[0]}', the older checkpoint has {old.size}")
    check_consistency(old.size, old.root, checkpoint.size, checkpoint.root, hash_lines(lines[1:]))
    return old, checkpoint


# --- audit/FORMAT.md: leaves from a journal's bytes

def leaf_input(record):
    """The header without its two checksums, then a commitment for each section."""
    sections, = struct.unpack_from("<H", record, 62)
    parts = [record[:12], bytes(4), record[16:28], bytes(4), record[32:64]]
    at = 64
    for _ in range(sections):
        kind, length = record[at:at + 2], record[at + 2:at + 4]
        size, = struct.unpack("<H", length)
        salt, data = record[at + 8:at + 24], record[at + 24:at + 24 + size]
        parts.append(sha256(kind, length, salt, data))
        at += -(-(24 + size) // 16) * 16
    return b"".join(parts)


def first_frame(path):
    """Number of the frame a segment begins with; 0: none."""
    with open(path, "rb") as file:
        head = file.read(32)
    return struct.unpack_from("<Q", head, 24)[0] if head[:4] == b"FLF1" else 0


def records(directories):
    """The raw bytes of each record in journal order. It ends where no further frame begins: whether that is
    the journal's true end is told by the checkpoints."""
    segments, cuts = {}, {}
    for directory in map(pathlib.Path, directories):
        for path in directory.glob("segment-*.flj"):
            segments[path.name] = path  # of a name in two places, the spare's
        for path in directory.glob("segment-*.flj.note"):
            found = re.match(r"cut (\d+) ", path.read_text())
            if found:
                cuts[path.name.removesuffix(".note")] = int(found[1])
    begins = {name: first_frame(path) for name, path in segments.items()}
    number = sequence = 0
    for name in sorted(segments):
        data = segments[name].read_bytes()[:cuts.get(name)]
        at = 0
        while data[at:at + 4] == b"FLF1":
            frame, first, count, payload = struct.unpack_from("<QQII", data, at + 24)
            if frame != number + 1 or first != sequence + 1:
                break  # never used, or another device's
            if any(begins[later] == frame for later in begins if later > name):
                break  # a torn write: the segment was cut here
            number = frame
            place = at + 128
            for _ in range(count):
                length, = struct.unpack_from("<I", data, place + 8)
                record = data[place:place + length]
                sequence += 1
                if record[:4] != b"FLR1" or struct.unpack_from("<Q", record, 16)[0] != sequence:
                    raise Refused(f"{name}, offset {place}: not record {sequence}")
                yield record
                place += length
            at += -(-(128 + payload) // 4096) * 4096


def check_journal(directories, key):
    """Every checkpoint kept beside the journal."""
    heads = []
    for directory in map(pathlib.Path, directories):
        for path in sorted((directory / "checkpoints").glob("segment-*.notes")):
            for note in notes_of(path.read_bytes()):
                heads.append(Checkpoint(note, key))
    if not heads:
        raise Refused("no checkpoint is kept there")
    heads.sort(key=lambda head: head.size)
    tree, waiting = Edge(), list(heads)
    for record in records(directories):
        tree.add(leaf_hash(leaf_input(record)))
        while waiting and waiting[0].size == tree.size:
            if waiting.pop(0).root != tree.root():
                raise Refused(f"the journal's first {tree.size} records are not those that were signed")
    if waiting:
        raise Refused(f"a checkpoint covers {waiting[-1].size} records, the journal has {tree.size}")
    return heads, tree


def main(words):
    if len(words) < 4 or words[0] != "--key" or words[2] not in ("note", "inclusion", "consistency", "journal"):
        print(__doc__)
        return 2
    try:
        key, verb, names = Key(words[1]), words[2], words[3:]
        if verb == "note":
            for name in names:
                notes = [Checkpoint(note, key) for note in notes_of(pathlib.Path(name).read_bytes())]
                print(f"{name}: {len(notes)} signed by {key.name}, the last over {notes[-1].size} records")
        elif verb == "inclusion":
            proof = pathlib.Path(names[0]).read_bytes()
            leaf = None
            if names[1:]:
                index = int(re.search(rb"^index (\d+)$", proof, re.M)[1])
                leaf = next((leaf_hash(leaf_input(record)) for at, record in enumerate(records(names[1:]))
                             if at == index), b"")
            sequence, head = check_inclusion(proof, key, leaf)
            print(f"record {sequence} is in the tree of {head.size} records signed by {key.name}")
        elif verb == "consistency":
            old, head = check_growth(*(pathlib.Path(name).read_bytes() for name in names), key)
            print(f"the log of {key.name} only grew from {old.size} to {head.size} records")
        else:
            heads, tree = check_journal(names, key)
            print(f"{len(heads)} checkpoints verify, the last over {heads[-1].size} of {tree.size} records")
    except (Refused, OSError, ValueError, struct.error) as problem:
        print(f"REFUSED: {problem}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
