"""Why a goal of the wire benchmark is missed where it was looked into, what was measured, and what was tried: told
by run.py under the goals, for those that the run at hand missed. All on the build machine, a shared virtual machine of
two processors; what each was measured with is said."""
import re

REASONS = (
    (r"", "The host",
     "It is not the same from day to day. The spinning relay took 7.4 microseconds one way and 1,160,000 orders a "
     "second on 2026-11-23 (commit c21665a) and 11.2 microseconds and 880,000 on 2026-12-01 (commit c31b096), the "
     "relay that sleeps 22 microseconds on both, orders 15 microseconds apart: what keeps two processors busy had "
     "lost a third of its speed and what sleeps had lost nothing, so QuickFIX came nearer (3.3 times Fairlead's p50 "
     "on the one day, 1.9 on the other). A raw synchronous write took 97 microseconds and 139."),
    (r"process, .* apart", "p50 against the spinning relay",
     "A blind relay that asks epoll and reads with receive stamps, as the arrival rule needs, is itself 1.07 to "
     "1.13 of the spinning relay (`--only relay,relay_stamped,process`, nine rounds); what is left is computing: "
     "about 9,800 instructions an order and 8,400 an acknowledgement (`tests/budget`; 11,500 and 9,700 took about 3 "
     "microseconds for both). At 2 ms all caches are cold as well. Tried without a difference that can be told from "
     "noise: messages of a known pattern read by comparing tags (27,371 to 21,200 instructions), 15 to 8 looks at "
     "the clock, link-time optimisation, `order_cpu`, no seccomp filter, no checkpoints, huge pages for all tables "
     "(9.4 and 9.3 microseconds, four pairs of runs). What helped: a keeper that gathers for 1 ms (1.50 to 1.37). Page "
     "faults are not it: 204 in 193,300 orders."),
    (r"QuickFIX, ", "QuickFIX's p50",
     "It follows from the goal above: the wire and the kernel are most of both times. QuickFIX computes 7.0 times "
     "as much (see the end), of which the wire leaves a factor of 2 to 5, by gap and by the host's day."),
    (r"64 outstanding: process", "Orders a second at 64 outstanding",
     "Of the order thread's time 5.9 microseconds pass for an order and its acknowledgement: 3.0 in the program "
     "and 2.9 in the kernel (at 137,000 orders a second). A second of it has 41,000 writes, 26,000 reads and "
     "407,000 questions to epoll: writes are shared by three orders, but the arrival rule asks who is ready before "
     "each message of a client. It runs 81 % of the time: the keeper needs 0.32 of a processor at this rate, half "
     "of it hashing, and takes it from two programs that wait for each other. Tried without a difference: TCP's "
     "congestion control (reno for bbr), huge pages, LTO. A sketch with one limit and no session rules reached "
     "424,000."),
    (r"1,000,000 accounts", "Many accounts",
     "Orders go round 100,000 accounts, whose rows are in no cache. Instructions grow by 0.4 % only "
     "(`bench/GROWTH.md`)."),
    (r"a follower reading", "A follower",
     "It is a third busy program on two processors. It only reads shared memory; on the order road it has no part."),
    (r"the risk desk reading", "The risk desk",
     "It is a third busy program on two processors: it applies every record to a Ledger of its own. It "
     "reads shared memory and a page of figures; on the order road it has no part."),
    (r"disk, ", "Level disk",
     "A record waits for the write under way when it arrives, and then for its own. At 64 outstanding a frame held "
     "13 orders at the mean (32,422 orders in 2,569 frames, beside other programs): with no more orders out, no "
     "more can gather during a write, and each write is larger and later than a raw one of 4 KiB."),
)


def reasons(missed):
    """Markdown lines for the texts of goals missed."""
    found = [(title, text) for pattern, title, text in REASONS if any(re.match(pattern, one) for one in missed)]
    if found:
        yield ""
        yield "### Missed: what was measured and tried"
        yield ""
        yield from (f"- **{title}.** {text}" for title, text in found)
