"""A circuit against a second, plainer book-keeping of the same promises, over whatever Hypothesis comes up with."""

from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from steadypost.domain.circuit import (
    LETS_THROUGH,
    NEW,
    Came,
    Go,
    InARow,
    LastCalls,
    LastWhile,
    Left,
    No,
    Noted,
    Passed,
    Position,
    Renewed,
    Said,
    Settings,
    State,
    Wants,
    judge,
)

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
LAWS = st.builds(
    Settings,
    window=st.sampled_from([LastCalls(6), LastWhile(timedelta(seconds=20)), InARow(2)]),
    failure_rate=st.sampled_from([0.3, 0.5, 1.0]),
    minimum_calls=st.integers(1, 5),
    slow_after=st.sampled_from([None, timedelta(seconds=5)]),
    permitted=st.integers(1, 4),
    success_ratio=st.sampled_from([0.25, 0.5, 1.0]),
    by_itself=st.booleans(),
)


class OneCircuit(RuleBasedStateMachine):
    """Any events in any order; what was promised is checked after each."""

    @initialize(law=LAWS)
    def begin(self, law):
        self.law = law
        self.memory = NEW
        self.now = NOW
        self.out = {}
        """Tickets under way, with the instant until which their permit is theirs."""
        self.tried = 0
        """Trials of this generation that came home and counted."""
        self.bad_in_closed = 0
        self.words = 0

    def tell(self, event):
        before = self.memory
        ruling = judge(self.law, before, event, self.now)
        self.memory = ruling.memory
        if before.generation != self.memory.generation:
            self.tried = 0
            self.bad_in_closed = 0
        assert len(ruling.turns) == self.memory.generation - before.generation
        assert not ruling.turns or ruling.turns[-1].state == self.memory.state
        return ruling.verdict

    @rule(probe=st.booleans())
    def want(self, probe):
        before = self.memory
        verdict = self.tell(Wants(holder="somebody", probe=probe))
        if isinstance(verdict, No):
            if verdict.state is not State.HALF_OPEN:
                assert judge(self.law, before, Passed(), self.now).memory.shared() == self.memory.shared()
            return
        assert isinstance(verdict, Go)
        assert verdict.ticket not in self.out or verdict.ticket.permit is None
        assert self.memory.state in LETS_THROUGH | {State.HALF_OPEN}
        assert (verdict.ticket.permit is not None) == (self.memory.state is State.HALF_OPEN)
        if verdict.ticket.permit is not None:
            assert probe or self.law.by_itself
        self.out[verdict.ticket] = self.now + self.law.permit_lasts

    @precondition(lambda self: self.out)
    @rule(data=st.data(), well=st.booleans(), seconds=st.integers(0, 10), named=st.booleans())
    def come_home(self, data, well, seconds, named):
        ticket = data.draw(st.sampled_from(sorted(self.out, key=str)))
        theirs_until = self.out.pop(ticket)
        current = judge(self.law, self.memory, Passed(), self.now).memory
        until = self.now + timedelta(hours=1) if named and not well else None
        slow = self.law.slow_after is not None and timedelta(seconds=seconds) > self.law.slow_after
        bad_before = self.bad_in_closed
        noted = self.tell(Came(ticket=ticket, well=well, took=timedelta(seconds=seconds), until=until))
        late = ticket.generation != current.generation or (
            ticket.permit is not None and theirs_until <= self.now
        )
        assert (noted is Noted.FENCED) == late
        if late:
            assert self.memory.shared() == current.shared()
        elif ticket.permit is not None:
            if self.memory.generation == ticket.generation:
                self.tried += 1
            elif self.memory.state is State.CLOSED:
                assert well
                assert not slow
        elif self.memory.state is State.CLOSED:
            self.bad_in_closed += (not well) or slow
        elif self.memory.state is State.OPEN:
            # A call that went well can be the one that makes them enough to judge.
            assert not well or slow or bad_before > 0 or isinstance(self.law.window, LastWhile)

    @precondition(lambda self: self.out)
    @rule(data=st.data())
    def leave(self, data):
        ticket = data.draw(st.sampled_from(sorted(self.out, key=str)))
        del self.out[ticket]
        current = judge(self.law, self.memory, Passed(), self.now).memory
        self.tell(Left(ticket=ticket))
        assert self.memory.state is current.state
        assert (self.memory.good, self.memory.bad, self.memory.window) == (
            current.good,
            current.bad,
            current.window,
        )

    @rule(seconds=st.sampled_from([1, 7, 45, 130, 400]))
    def wait(self, seconds):
        self.now += timedelta(seconds=seconds)
        self.tell(Passed(chance=0.5))

    @rule(position=st.sampled_from(list(Position)), minutes=st.sampled_from([None, -1, 1, 60]))
    def say(self, position, minutes):
        self.words += 1
        until = None if minutes is None else self.now + timedelta(minutes=minutes)
        self.tell(Said(position=position, mark=f"w{self.words}", by="Dora", until=until))
        if until is None or until > self.now:
            expected = {
                Position.OPEN: State.FORCED_OPEN,
                Position.CLOSED: State.CLOSED,
                Position.DISABLED: State.DISABLED,
                Position.METRICS_ONLY: State.METRICS_ONLY,
            }.get(position)
            assert expected in {None, self.memory.state}

    @rule()
    def renew(self):
        self.tell(Renewed(why="a new session"))

    @invariant()
    def promises(self):
        if not hasattr(self, "memory"):
            return
        memory = self.memory
        assert len(memory.permits) + memory.good + memory.bad <= self.law.permitted
        assert self.tried == memory.good + memory.bad
        assert len({permit.number for permit in memory.permits}) == len(memory.permits)
        assert (memory.state is State.HALF_OPEN) or not (memory.permits or memory.good or memory.bad)
        assert memory.state is not State.OPEN or memory.until is not None
        held = [ticket for ticket, until in self.out.items() if ticket.permit and until > self.now
                and ticket.generation == memory.generation]  # fmt: skip
        assert len(held) <= self.law.permitted

    @invariant()
    def never_stuck(self):
        """From wherever it is: left alone and well again, it closes, unless a person holds it."""
        if not hasattr(self, "memory"):
            return
        if self.memory.state is State.FORCED_OPEN and self.memory.until is None:
            return
        memory, now, pause = self.memory, self.now, timedelta(minutes=2)
        for _ in range(80):
            now += pause
            ruling = judge(self.law, memory, Wants(holder="probe", probe=True), now)
            memory = ruling.memory
            if isinstance(ruling.verdict, Go) and ruling.verdict.ticket.permit is not None:
                memory = judge(self.law, memory, Came(ticket=ruling.verdict.ticket, well=True), now).memory
            # Whoever probes goes on while there is something to try, and comes again later when there is not.
            pause = timedelta(seconds=1) if isinstance(ruling.verdict, Go) else timedelta(minutes=2)
            if memory.state in LETS_THROUGH:
                return
        raise AssertionError(f"stuck in {memory}")


OneCircuit.TestCase.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
TestOneCircuit = OneCircuit.TestCase
