"""The story, told step by step with its evidence; exit status 0 only if the books agree."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from service.demo.evidence import PORTAL, REALM, Evidence, money
from service.demo.processes import HERE, Processes


def run_demo(*, once: bool) -> int:
    """Start everything, tell the story, check the books; then stay until Ctrl-C, or end at once."""
    processes = Processes()
    try:
        story = Story(processes)
        story.tell()
        wrong = story.check()
        if not once:
            story.stay()
        return 1 if wrong else 0
    except KeyboardInterrupt:
        return 0
    except RuntimeError as error:
        say(f"\nThe demo stopped: {error}\nLogs: {HERE}/*.log")
        return 1
    finally:
        processes.stop()


class Story:
    """Seven short chapters, each with what HubSpot and QuickBooks hold afterwards."""

    def __init__(self, processes: Processes) -> None:
        self._processes = processes
        self._evidence = Evidence(processes)
        self._chapter = 0

    def tell(self) -> None:
        """All chapters in order."""
        self.set_up()
        self.invoice_a_deal()
        self.deliver_it_again()
        self.lose_an_answer()
        self.kill_the_worker()
        self.be_told_what_to_fix()

    def set_up(self) -> None:
        """Start sandbox, web and worker; join a portal and a realm."""
        self.chapter("A HubSpot portal, a QuickBooks company and the service between them")
        self._processes.start_sandbox()
        say(f"  sandbox  {self._processes.sandbox_url}   HubSpot and QuickBooks Online, strict, made up")
        credentials = self._processes.ask("GET", "/credentials")
        tokens = credentials["hubspot"]["portals"][PORTAL], credentials["quickbooks"]["realms"][REALM]
        joined = self._processes.command(
            "connections", "add", "--portal", PORTAL, "--realm", REALM,
            "--hubspot-refresh-token", tokens[0]["refresh_token"],
            "--quickbooks-refresh-token", tokens[1]["refresh_token"],
        )  # fmt: skip
        self._processes.start_web()
        self._processes.start_worker()
        say(f"  service  {self._processes.service_url}   web and worker on {HERE / 'service.sqlite'}")
        say(f"  {joined}: {tokens[1]['name']}")

    def invoice_a_deal(self) -> None:
        """The main job."""
        self.chapter("A deal reaches “Create invoice”")
        deal_id = self._evidence.deal_id("three-lines")
        self.show_deal_before(deal_id)
        self.enroll(deal_id)
        self.show(deal_id)

    def deliver_it_again(self) -> None:
        """HubSpot delivers at least once."""
        self.chapter("HubSpot delivers the same callback ten more times, at once")
        callback = self._evidence.callbacks()[-1]
        name = callback["callback_id"]
        self._processes.ask("POST", f"/hubspot/callbacks/{name}/deliver", {"times": 10, "at_once": True})
        self.wait_for_deliveries(name, 11)
        answers = {delivery["answer"] for delivery in self._evidence.callback(name)["deliveries"][1:]}
        count = len(self._evidence.invoices_of(callback["object"]["id"]))
        say(f"  every one answered from its row: {len(answers)} distinct answer; invoices for the deal: {count}")

    def lose_an_answer(self) -> None:
        """The invoice is created and nobody hears of it."""
        self.chapter("QuickBooks creates the invoice, but its answer is lost")
        deal_id = self._evidence.deal_id("one-line")
        self._processes.ask(
            "POST", "/trouble", {"kind": "lose_answer", "vendor": "quickbooks", "method": "POST", "path": "/invoice"}
        )
        self.enroll(deal_id)
        self.show_repeats()
        self.show(deal_id)

    def kill_the_worker(self) -> None:
        """kill -9 between the request and its answer."""
        self.chapter("The worker is killed (SIGKILL) while QuickBooks is creating the invoice")
        deal_id = self._evidence.deal_id("hours")
        rule = {"kind": "hang", "vendor": "quickbooks", "method": "POST", "path": "/invoice", "seconds": 30}
        number = self._processes.ask("POST", "/trouble", rule)["id"]
        callback_id = self.enroll(deal_id, wait=False)
        self.wait_for_trouble(number)
        self._processes.kill("worker")
        say(f"  worker killed; invoices for the deal in the books: {len(self._evidence.invoices_of(deal_id))}")
        self._processes.start_worker()
        say("  worker started again")
        self.finish(callback_id)
        self.show_repeats()
        self.show(deal_id)

    def be_told_what_to_fix(self) -> None:
        """Nothing is created when something is wrong, and the deal says what."""
        self.chapter("A deal that cannot be invoiced says why")
        for story in ("no-contact", "euro"):
            deal_id = self._evidence.deal_id(story)
            self.enroll(deal_id)
            say(f"  deal     qbo_invoice_error: {self._evidence.deal(deal_id)['qbo_invoice_error']}")

    def check(self) -> list[str]:
        """Compare every callback, deal and invoice; print the verdict."""
        self.chapter("Do the books agree?")
        wrong = self._evidence.disagreements()
        callbacks, counts = self._evidence.callbacks(), self._evidence.counts()
        good = sum(callback["execution_state"] == "SUCCESS" for callback in callbacks)
        say(f"  callbacks {len(callbacks)}, of them SUCCESS {good}; invoices of ours {len(self._evidence.invoices())}")
        say(f"  calls so far: HubSpot {counts.get('hubspot', 0)}, QuickBooks {counts.get('quickbooks', 0)}")
        for problem in wrong:
            say(f"  WRONG    {problem}")
        say("  yes: one invoice for each success, none for the others, each on its deal" if not wrong else "  NO")
        return wrong

    def stay(self) -> None:
        """Leave everything running to play with."""
        say(f"\nEverything runs. Enrol more deals and look at deals and books: {self._processes.sandbox_url}/")
        say(f"Logs: {Path(HERE).resolve()}/*.log    Ctrl-C ends it.")
        while all(self._processes.is_running(name) for name in ("sandbox", "web", "worker")):
            time.sleep(0.5)
        raise RuntimeError("a process ended")

    def chapter(self, title: str) -> None:
        """A heading."""
        self._chapter += 1
        say(f"\n{self._chapter}. {title}")

    def enroll(self, deal_id: str, *, wait: bool = True) -> str:
        """Let a deal reach the action."""
        asked = {"portal_id": int(PORTAL), "deal_id": deal_id, "action": "create-invoice", "inputs": {}}
        callback_id: str = self._processes.ask("POST", "/hubspot/enroll", asked)["callback_id"]
        self.wait_for_deliveries(callback_id, 1)
        delivery = self._evidence.callback(callback_id)["deliveries"][0]
        say(f"  HubSpot posts {callback_id} for deal {deal_id}")
        say(f"  answered {delivery['status']} in {delivery['milliseconds']:.0f} ms: {delivery['answer']}")
        if wait:
            self.finish(callback_id)
        return callback_id

    def finish(self, callback_id: str) -> None:
        """Wait for the completion."""
        started = time.monotonic()
        ended = self._evidence.wait_until_ended(callback_id)
        said = ended["outputs"].get("errorCode") or f"invoice {ended['outputs'].get('invoiceNumber')}"
        say(f"  completed after {time.monotonic() - started:.1f} s: {ended['execution_state']}, {said}")

    def show_deal_before(self, deal_id: str) -> None:
        """What there is to invoice."""
        deal = self._evidence.deal(deal_id)
        say(f"  HubSpot deal {deal_id} “{deal['dealname']}”, amount {deal['amount']}")
        for line in self._evidence.line_items(deal_id):
            say(f"    {line.get('quantity')} x {line.get('name')} at {line.get('price')}")

    def show(self, deal_id: str) -> None:
        """QuickBooks' side and HubSpot's side of an invoiced deal."""
        found = self._evidence.invoices_of(deal_id)
        say(f"  QuickBooks holds {len(found)} invoice for the deal")
        for invoice in found:
            customer, total = invoice["CustomerRef"]["name"], money(invoice["TotalAmt"])
            say(f"    id {invoice['Id']}, number {invoice['DocNumber']}, {customer}, {total}")
        deal = self._evidence.deal(deal_id)
        say("  HubSpot's deal says")
        for name in ("id", "number", "amount", "recipient", "status", "due_date"):
            say(f"    qbo_invoice_{name}: {deal[f'qbo_invoice_{name}']}")

    def show_repeats(self) -> None:
        """How often the last invoice was sent, and under which request ids."""
        sent = [r for r in self._processes.ask("GET", "/requests")["requests"] if r["path"].endswith("/invoice")]
        tried = [r for r in sent if r["query"] == sent[-1]["query"]]
        what = ", ".join(r["trouble"] or "answered" for r in tried)
        say(f"  QuickBooks got the create {len(tried)} times under one request id ({what})")

    def wait_for_deliveries(self, callback_id: str, count: int) -> None:
        """Until HubSpot has its answers."""
        self._wait(
            lambda: sum(d["status"] is not None for d in self._evidence.callback(callback_id)["deliveries"]) >= count,
            "the answer to HubSpot",
        )

    def wait_for_trouble(self, number: int) -> None:
        """Until the scripted trouble has met its request."""
        self._wait(
            lambda: any(r["id"] == number and r["hits"] for r in self._processes.ask("GET", "/trouble")["rules"]),
            "the request to QuickBooks",
        )
        time.sleep(0.3)  # the request is in; give QuickBooks the moment to write its books

    def _wait(self, happened: Callable[[], bool], what: str, seconds: float = 30) -> None:
        end = time.monotonic() + seconds
        while not happened():
            if time.monotonic() > end:
                raise RuntimeError(f"waited {seconds:.0f} s for {what}")
            time.sleep(0.05)


def say(text: str) -> None:
    """Print a line at once."""
    print(text, flush=True)
