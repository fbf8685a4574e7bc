"""The journal read with struct alone: the tests' own witness for what was journaled (audit/FORMAT.md)."""
import struct

NEW, REPORT, ORPHAN, INCIDENT = 32, 64, 67, 112
END_LOST = 1
# Where parts of VenueReportFacts lie (risk/record.hpp).
REPORT_LAST_QUANTITY, REPORT_EXEC_TYPE = 96, 138


def records(*directories):
    """(kind, sequence, cause, sections by kind) in journal order, read with struct alone."""
    for path in sorted((path for directory in directories for path in directory.glob("segment-*.flj")),
                       key=lambda path: path.name):
        data = path.read_bytes()
        at = 0
        while data[at:at + 4] == b"FLF1":
            count, payload = struct.unpack_from("<II", data, at + 40)
            place = at + 128
            for _ in range(count):
                kind, length, sequence, _, _, _, _, cause, _, _, held = struct.unpack_from(
                    "<6xHI4xQIIqqQIHH", data, place)
                sections = {}
                part = place + 64
                for _ in range(held):
                    name, size = struct.unpack_from("<HH", data, part)
                    sections[name] = data[part + 24:part + 24 + size]
                    part += (24 + size + 15) // 16 * 16
                yield kind, sequence, cause, sections
                place += length
            at += (128 + payload + 4095) // 4096 * 4096


def venue_ids(*directories):
    """(ClOrdIDs at the venues of all News, ClOrdIDs of orphans): an Incident shifts those of later News."""
    news, orphans, shift = set(), set(), 0
    for kind, sequence, _, sections in records(*directories):
        if kind == INCIDENT and sections[1][24] == END_LOST:
            shift = struct.unpack_from("<Q", sections[1], 16)[0]
        elif kind == NEW:
            news.add(sequence + shift)
        elif kind == ORPHAN:
            orphans.add(struct.unpack_from("<Q", sections[1], 32)[0])
    return news, orphans


def fills(*directories):
    """(order key, the venue's ExecID, shares, price in ten thousandths) of every fill reported."""
    for kind, _, _, sections in records(*directories):
        if kind == REPORT and sections[1][REPORT_EXEC_TYPE:REPORT_EXEC_TYPE + 1] == b"F":
            order, = struct.unpack_from("<Q", sections[1], 24)
            execution = sections[1][40:56].rstrip(b"\0").decode()
            yield order, execution, *struct.unpack_from("<q8xq", sections[1], REPORT_LAST_QUANTITY)
