"""What a study leaves its readers, in words."""

from __future__ import annotations

from escc_desktop.gui.tools.words import tool_name
from escc_desktop.i18n import _, plural
from escc_desktop.reading.protocol import Protocol, ToolRule


def tool_rule_name(rule: ToolRule) -> str:
    """Return a rule as it is chosen."""
    return {
        ToolRule.BY_HAND: _("By hand only"),
        ToolRule.USUAL: _("All but pasting and AI proposals"),
        ToolRule.ALL: _("All"),
    }[rule]


def tool_rule_words(rule: ToolRule) -> str:
    """Return what a rule means for the agreement."""
    return {
        ToolRule.BY_HAND: _("Brush, eraser, polygon and nudge. Agreement is that of two hands."),
        ToolRule.USUAL: _("Slices touched by an assisted tool are recorded; agreement is told with and without them."),
        ToolRule.ALL: _("Pasted contours and AI proposals make two readings look more alike than the readers are."),
    }[rule]


def protocol_words(protocol: Protocol) -> tuple[str, ...]:
    """Return the rules of a plan in sentences."""
    return _tools(protocol), _window(protocol), _series(protocol)


def _tools(protocol: Protocol) -> str:
    rule = ToolRule.of(protocol.forbidden)
    if rule is not None:
        return _("Tools: {rule}.").format(rule=tool_rule_name(rule))
    return _("Tools: all but {tools}.").format(tools=", ".join(sorted(map(tool_name, protocol.forbidden))))


def _window(protocol: Protocol) -> str:
    if protocol.window is None:
        return _("Every reader chooses the window.")
    width, level = protocol.window
    return _("All readings in the window W {width:g} L {level:g}.").format(width=width, level=level)


def _series(protocol: Protocol) -> str:
    if not protocol.series:
        return _("Readers see no series but the one they outline.")
    return plural(
        "Beside it readers may look at {n} other series of the same study.",
        "Beside it readers may look at {n} other series of the same studies.",
        len(protocol.series),
    )
