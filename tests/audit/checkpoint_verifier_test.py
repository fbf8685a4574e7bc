#!/usr/bin/env python3
"""The second verifier, tested before it judges: published vectors, the golden journal, every proof of small
trees, and forgeries of each kind, which it must refuse. Notes are signed by the `openssl` command."""
import base64
import hashlib
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS))
import checkpoint_verifier as verifier  # noqa: E402
from checkpoint_verifier import Refused  # noqa: E402

# The reference leaves and roots of the certificate-transparency project.
LEAVES = [bytes.fromhex(text) for text in
          ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")]
ROOTS = ["e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
         "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
         "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
         "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
         "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
         "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
         "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
         "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
         "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"]
GOLDEN_KEY = "fairlead.example/8610/gw1+79931f11+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
GOLDEN_NOTE = ("fairlead.example/8610/gw1\n5\n4Oxlb85PwWKS7QHOI8HtDcsJ/RjDF7vn+C96t2QDADc=\n\n"
               "\u2014 fairlead.example/8610/gw1 eZMfEYfmVn6lI9BxOgXpDpfD0PLRcnTYzn1y9gDzroYEsuTuDcIJA6gKc5CmeaLi"
               "8RX8up+fwp064clJ02ZceYCWYAI=\n").encode()
TREE_MAX = 24


def path_of(index, leaves):
    """PATH, RFC 6962 2.1.1."""
    if len(leaves) == 1:
        return []
    k = 1 << (len(leaves) - 1).bit_length() - 1
    if index < k:
        return path_of(index, leaves[:k]) + [verifier.tree_hash(leaves[k:])]
    return path_of(index - k, leaves[k:]) + [verifier.tree_hash(leaves[:k])]


def subproof(old, leaves, whole):
    """SUBPROOF, RFC 6962 2.1.2."""
    if old == len(leaves):
        return [] if whole else [verifier.tree_hash(leaves)]
    k = 1 << (len(leaves) - 1).bit_length() - 1
    if old <= k:
        return subproof(old, leaves[:k], whole) + [verifier.tree_hash(leaves[k:])]
    return subproof(old - k, leaves[k:], False) + [verifier.tree_hash(leaves[:k])]


def other(value):
    return bytes([value[0] ^ 1]) + value[1:]


class Signer:
    def __init__(self, place, name):
        self.name, self.file = name, pathlib.Path(place) / "private.pem"
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", self.file], check=True,
                       capture_output=True)
        public = subprocess.run(["openssl", "pkey", "-in", self.file, "-pubout", "-outform", "DER"], check=True,
                                capture_output=True).stdout[-32:]
        self.id = hashlib.sha256(name.encode() + b"\n\x01" + public).digest()[:4]
        self.vkey = f"{name}+{self.id.hex()}+{base64.b64encode(bytes([1]) + public).decode()}"

    def note(self, size, root, origin=None, more=""):
        text = f"{origin or self.name}\n{size}\n{base64.b64encode(root).decode()}\n{more}".encode()
        message = self.file.with_name("message")
        message.write_bytes(text)
        signature = subprocess.run(["openssl", "pkeyutl", "-sign", "-inkey", self.file, "-rawin", "-in", message],
                                   check=True, capture_output=True).stdout
        return text + f"\n\u2014 {self.name} {base64.b64encode(self.id + signature).decode()}\n".encode()


class Trees(unittest.TestCase):
    def test_the_published_roots_come_out(self):
        hashes = [verifier.leaf_hash(leaf) for leaf in LEAVES]
        edge = verifier.Edge()
        for size, root in enumerate(ROOTS):
            self.assertEqual(verifier.tree_hash(hashes[:size]).hex(), root)
            self.assertEqual(edge.root().hex(), root)
            if size < len(hashes):
                edge.add(hashes[size])

    def test_every_inclusion_proof_verifies_and_a_forged_one_does_not(self):
        leaves = [verifier.leaf_hash(bytes([i])) for i in range(TREE_MAX)]
        for size in range(1, TREE_MAX + 1):
            root = verifier.tree_hash(leaves[:size])
            for index in range(size):
                path = path_of(index, leaves[:size])
                self.assertEqual(verifier.root_from_inclusion(leaves[index], index, size, path), root)
                forged = [(other(leaves[index]), index, size, path)]
                forged += [(leaves[index], wrong, size, path) for wrong in range(size + 1) if wrong != index]
                forged += [(leaves[index], index, size, path[:at] + [other(path[at])] + path[at + 1:])
                           for at in range(len(path))]
                forged += [(leaves[index], index, size, path[:-1])] if path else []
                forged += [(leaves[index], index, size, path + [root])]
                for attempt in forged:
                    try:
                        self.assertNotEqual(verifier.root_from_inclusion(*attempt), root)
                    except Refused:
                        pass

    def test_every_consistency_proof_verifies_and_a_forged_one_does_not(self):
        leaves = [verifier.leaf_hash(bytes([i])) for i in range(TREE_MAX)]
        roots = [verifier.tree_hash(leaves[:size]) for size in range(TREE_MAX + 1)]
        for size in range(TREE_MAX + 1):
            for old in range(size + 1):
                path = subproof(old, leaves[:size], True) if 0 < old else []
                verifier.check_consistency(old, roots[old], size, roots[size], path)
                forged = [(old, other(roots[old]), size, roots[size], path)]
                # From nothing, any tree is a growth: its root is the signature's business.
                forged += [(old, roots[old], size, other(roots[size]), path)] if old else []
                forged += [(old, roots[old], size, roots[size], path + [roots[size]])]
                forged += [(old, roots[old], size, roots[size], path[:at] + [other(path[at])] + path[at + 1:])
                           for at in range(len(path))]
                forged += [(old, roots[old], size, roots[size], path[:-1])] if path else []
                for attempt in forged:
                    with self.assertRaises(Refused, msg=f"{old} to {size}"):
                        verifier.check_consistency(*attempt)
        with self.assertRaises(Refused):
            verifier.check_consistency(5, roots[5], 4, roots[4], [])


class Notes(unittest.TestCase):
    def setUp(self):
        self.place = tempfile.TemporaryDirectory()
        self.addCleanup(self.place.cleanup)
        self.signer = Signer(self.place.name, "log.example/1")
        self.key = verifier.Key(self.signer.vkey)

    def test_the_golden_note_verifies_and_no_byte_of_it_can_be_another(self):
        key = verifier.Key(GOLDEN_KEY)
        self.assertEqual(verifier.Checkpoint(GOLDEN_NOTE, key).size, 5)
        for at in range(len(GOLDEN_NOTE)):
            forged = GOLDEN_NOTE[:at] + bytes([GOLDEN_NOTE[at] ^ 1]) + GOLDEN_NOTE[at + 1:]
            with self.assertRaises((Refused, UnicodeDecodeError), msg=f"byte {at}"):
                verifier.Checkpoint(forged, key)

    def test_only_the_known_key_counts(self):
        root = bytes(32)
        self.assertEqual(verifier.Checkpoint(self.signer.note(7, root), self.key).size, 7)
        self.assertEqual(verifier.Checkpoint(self.signer.note(7, root, more="extension\n"), self.key).size, 7)
        with tempfile.TemporaryDirectory() as place:
            foreign = Signer(place, "log.example/1").note(7, root)
        with self.assertRaises(Refused):
            verifier.Checkpoint(foreign, self.key)
        witnessed = self.signer.note(7, root) + foreign.split(b"\n\n")[1]
        self.assertEqual(verifier.Checkpoint(witnessed, self.key).size, 7)

    def test_what_is_no_checkpoint_is_refused_though_it_is_signed(self):
        root = bytes(32)
        for size in ("07", "-7", "7 ", "", "x"):
            with self.assertRaises(Refused, msg=size):
                verifier.Checkpoint(self.signer.note(size, root), self.key)
        with self.assertRaises(Refused):
            verifier.Checkpoint(self.signer.note(7, bytes(31)), self.key)
        with self.assertRaises(Refused):
            verifier.Checkpoint(self.signer.note(7, root, origin="log.example/2"), self.key)

    def test_a_key_whose_hash_is_not_its_own_is_refused(self):
        with self.assertRaises(Refused):
            verifier.Key(GOLDEN_KEY.replace("79931f11", "79931f12"))


class Journals(unittest.TestCase):
    def test_leaves_from_raw_bytes_give_the_golden_root(self):
        with tempfile.TemporaryDirectory() as place:
            shutil.copy(TESTS / "golden/journal-version-1.frames",
                        pathlib.Path(place) / f"segment-0000000001-{'0' * 32}.flj")
            leaves = [verifier.leaf_hash(verifier.leaf_input(record)) for record in verifier.records([place])]
        self.assertEqual(leaves[0].hex(), "9b7679e1c87f95c1fe860f315eb701c78f11bf6b075fa8bc14e78888bd3c630b")
        self.assertEqual(verifier.tree_hash(leaves),
                         verifier.Checkpoint(GOLDEN_NOTE, verifier.Key(GOLDEN_KEY)).root)

    def test_a_proof_for_another_record_or_checkpoint_is_refused(self):
        inputs = [bytes(16) + struct.pack("<Q", i + 1) + bytes(40) for i in range(11)]
        leaves = [verifier.leaf_hash(data) for data in inputs]
        with tempfile.TemporaryDirectory() as place:
            signer = Signer(place, "log.example/1")
            key = verifier.Key(signer.vkey)
            old, new = (signer.note(size, verifier.tree_hash(leaves[:size])) for size in (6, 11))
        lines = "".join(base64.b64encode(node).decode() + "\n" for node in path_of(3, leaves))
        proof = (f"c2sp.org/tlog-proof@v1\nextra {base64.b64encode(inputs[3]).decode()}\nindex 3\n{lines}\n"
                 ).encode() + new
        self.assertEqual(verifier.check_inclusion(proof, key, leaves[3])[0], 4)
        extra = base64.b64encode(inputs[4]).decode().encode()
        for forged in (proof.replace(b"index 3", b"index 4"), proof.replace(b"@v1", b"@v2"),
                       proof.replace(base64.b64encode(inputs[3]), extra), proof[:-len(new)] + old):
            with self.assertRaises(Refused):
                verifier.check_inclusion(forged, key)
        with self.assertRaises(Refused):
            verifier.check_inclusion(proof, key, leaves[4])
        lines = "".join(base64.b64encode(node).decode() + "\n" for node in subproof(6, leaves, True))
        growth = f"old 6\n{lines}\n".encode() + new
        self.assertEqual(verifier.check_growth(old, growth, key)[1].size, 11)
        for forged in (growth.replace(b"old 6", b"old 5"), growth.replace(lines[:44].encode(), lines[45:89].encode()),
                       growth[:-len(new)] + old):
            with self.assertRaises(Refused):
                verifier.check_growth(old, forged, key)


if __name__ == "__main__":
    unittest.main()
