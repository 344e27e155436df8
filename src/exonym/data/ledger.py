"""The ledger: how often anything was skipped, repaired, dropped or lost, so that nothing of it is silent."""

from __future__ import annotations

from collections import Counter


class Ledger(Counter[str]):
    """Counts of events by name, such as `sentences read` or `tags repaired`; zero counts are not kept."""

    def note(self, event: str, count: int = 1) -> None:
        """Count an event `count` times."""
        if count:
            self[event] += count

    def lines(self) -> list[str]:
        """Return one `event: count` line per event, in the order in which they first happened."""
        return [f"{event}: {count}" for event, count in self.items()]
