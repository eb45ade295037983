"""What is said below each picture of a lesion passport, on screen and in print."""

from __future__ import annotations

from escc_desktop.i18n import _
from escc_desktop.workflow.passport import OUTLINED, PROPOSED, PassportEntry, Size


def entry_lines(entry: PassportEntry) -> tuple[str, ...]:
    """Return the lines below an entry's picture, most important first."""
    day = _("no date") if entry.day is None else entry.day.isoformat()
    head = f"{day} · {kind_word(entry.kind)}" if entry.series_uid else _("{date} · record only").format(date=day)
    lines = [head]
    if entry.size is not None:
        lines += size_lines(entry.size)
    lines.append(recorded_words(entry))
    if entry.measured:
        lines.append(_("By hand: {what}").format(what=entry.measured))
    if entry.note:
        lines.append(entry.note)
    return tuple(line for line in lines if line)


def feature_lines(entry: PassportEntry) -> tuple[str, ...]:
    """Return the features of an entry's reading in words, one a line."""
    return tuple(f"{name}: {value:.4g}" for name, value in entry.features)


def kind_word(kind: str) -> str:
    """Return what kind of entry it is, in words."""
    return {OUTLINED: _("signed reading"), PROPOSED: _("PROPOSAL")}.get(kind, _("not outlined"))


def size_lines(size: Size) -> tuple[str, str]:
    """Return what an outline measures, in words."""
    axes = _("{long} × {short} mm, slice {n} of {all}")
    return (
        axes.format(long=f"{size.long_mm:.1f}", short=f"{size.short_mm:.1f}", n=size.slice_number, all=size.n_slices),
        _("{volume} mL").format(volume=f"{size.volume_mm3 / 1000:.1f}"),
    )


def recorded_words(entry: PassportEntry) -> str:
    """Return what the record has for that day, in words; "" for nothing."""
    row = entry.recorded
    if row is None:
        return ""
    axis = _("short axis") if row.axis == "short" else _("long axis")
    text = row.state if row.diameter_mm is None else f"{row.diameter_mm:.1f} mm"
    return _("Record, {date}: {text}, {axis}").format(date=row.date.isoformat(), text=text, axis=axis)
