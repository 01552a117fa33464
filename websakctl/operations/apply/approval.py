"""What a person must type before changes are made."""

import msgspec

from websakctl.operations.apply.observer import ApplyRefused


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A question, and the one answer that agrees."""

    text: str
    expected: str

    def check(self, answer: str | None) -> None:
        """Take an answer; ``None``: nobody could be asked.

        Raises:
            ApplyRefused: If it does not agree.
        """
        if answer is None:
            raise ApplyRefused(
                "cannot ask for confirmation (stdin is not a terminal); nothing was written",
                "--auto-approve, or run it in a terminal",
            )
        if answer != self.expected:
            raise ApplyRefused("not confirmed; nothing was written")


def question(environment: str, count: int, *, protected: bool, auto_approve: bool, reviewed: bool) -> Question | None:
    """What to ask before ``count`` changes; ``None`` where nothing need be asked.

    A protected environment takes its own name; without a question it takes only what somebody has reviewed.

    Raises:
        ApplyRefused: If approving beforehand is not enough.
    """
    if auto_approve and protected and not reviewed:
        raise ApplyRefused(
            f"{environment} is protected: --auto-approve alone is not enough",
            f"save a plan and apply it: websakctl plan --environment {environment} --out FILE",
        )
    if auto_approve:
        return None
    these = f"these {count} changes" if count != 1 else "this change"
    if protected:
        return Question(text=f"{environment} is protected. Type its name to apply {these}: ", expected=environment)
    return Question(text=f"Apply {these} to {environment}? Type 'yes' to confirm: ", expected="yes")
