"""The chapter about what cannot be done: every code, reached and read, and nothing created."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from service.demo import mishaps
from service.demo.reasons import CHAPTERS, NUMBERED, SPOILT, UNJOINED, Reason

if TYPE_CHECKING:
    from service.demo.story import Story

WIDTH = 112
REASONS = tuple(reason for _, reasons in CHAPTERS for reason in reasons)
# What one of the portals made for this sells: QuickBooks has no such item.
SIGN = {"name": "Hand-carved sign", "price": "120", "quantity": "1"}
MADE = {SPOILT.portal: "Boathouse Gardens", UNJOINED.portal: "Lakeside Nursery"}


def tell_refusals(story: Story) -> list[str]:
    """Post all of it at once, print what each was answered; returns what was answered otherwise than it should."""
    story.chapter("What cannot be done says why, on the deal and to the workflow: every reason there is")
    story.say(f"  {len(REASONS)} deals reach an action, all at once")
    mishaps.spoil_company(story, SPOILT)
    made = {portal: _make_portal(story, portal, name) for portal, name in MADE.items()}
    with ThreadPoolExecutor(2) as joining:
        # Beside the others, for a join takes its seconds.
        joins = [joining.submit(story.join, place) for place in (SPOILT, NUMBERED)]
        asked = {each.code: _post(story, each, made) for each in REASONS if each.deal}
        for each in REASONS:
            if each.after:
                each.after(asked[each.code])
        for join in joins:
            join.result()
    asked |= {each.code: _post(story, each, made) for each in REASONS if not each.deal}
    ended = {code: story.evidence.wait_until_ended(callback_id) for code, callback_id in asked.items()}
    story.ask("DELETE", "/trouble")
    mishaps.add_tax_as_ever(story)
    for title, reasons in CHAPTERS:
        story.say(f"\n  {title}")
        for each in reasons:
            _print(story, each, ended[each.code]["outputs"])
    deal = story.evidence.deal(ended[REASONS[0].code]["object"]["id"])
    story.say(f"\n  and HubSpot's first deal says\n    qbo_invoice_error: {deal['qbo_invoice_error']}")
    strays = [each["DocNumber"] for place in (SPOILT, NUMBERED) for each in story.evidence.sales(place=place)]
    return find_wrong(ended, strays)


def _make_portal(story: Story, portal: str, name: str) -> str:
    """Another portal with one deal; returns the deal's id."""
    story.ask("POST", "/hubspot/portals", {"portal_id": int(portal), "name": name})
    deal = {"dealname": "A sign for the boathouse", "amount": "120", "deal_currency_code": "USD"}
    contact = {"firstname": "Pine", "lastname": "Dental", "email": "office@pinestreetdental.example"}
    belonging = {"line_items": [{"properties": SIGN}], "contacts": [{"properties": contact}]}
    asked = {"portal_id": int(portal), "object_type": "deals", "properties": deal, "associations": belonging}
    return str(story.ask("POST", "/hubspot/objects", asked)["id"])


def _post(story: Story, reason: Reason, made: dict[str, str]) -> str:
    """Let it happen, and let the workflow ask; the callback's id."""
    place = reason.place
    deal_id = story.evidence.deal_id(reason.deal, place) if reason.deal else made[place.portal]
    inputs = {**reason.inputs, **reason.before(story, deal_id)}
    return story.post(deal_id, action=reason.action, place=place, inputs=inputs)


def _print(story: Story, reason: Reason, told: dict[str, Any]) -> None:
    story.say(f"    {reason.happened}")
    said = f"{told.get('errorCode') or 'NOTHING WRONG'}: {told.get('errorMessage') or ''}"
    indent = " " * 6
    story.say(textwrap.fill(said, WIDTH, initial_indent=indent, subsequent_indent=indent + "  "))


def find_wrong(ended: Mapping[str, Mapping[str, Any]], strays: Sequence[str]) -> list[str]:
    """Other codes than expected, no sentence, or something made where nothing could be."""
    wrong = [f"{each} was created where nothing could be" for each in strays]
    for code, callback in ended.items():
        told = callback["outputs"]
        if told.get("errorCode") != code or not told.get("errorMessage"):
            wrong.append(f"{callback['callback_id']} was told {told.get('errorCode') or 'nothing'} instead of {code}")
    return wrong
