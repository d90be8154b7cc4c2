"""A HubSpot of one's own for each test, and somebody to receive its callbacks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from hubspot_caller import UK, Caller, HubSpotWorld, Receiver

from service.sandbox.hubspot.routes import hubspot_routes
from service.sandbox.trouble import Wire


@pytest.fixture
def world() -> Iterator[HubSpotWorld]:
    world = HubSpotWorld()
    yield world
    world.hubspot.close()


@pytest.fixture
def app(world: HubSpotWorld) -> Flask:
    app = Flask("service.sandbox")
    app.extensions["world"] = world
    app.register_blueprint(hubspot_routes(world))  # type: ignore[arg-type]
    app.wsgi_app = Wire(app.wsgi_app, world.trouble, world.tape)  # type: ignore[method-assign,assignment]
    return app


@pytest.fixture
def hubspot(app: Flask, world: HubSpotWorld) -> Caller:
    return Caller(app, world)


@pytest.fixture
def uk(app: Flask, world: HubSpotWorld) -> Caller:
    return Caller(app, world, UK)


@pytest.fixture
def receiver(world: HubSpotWorld) -> Iterator[Receiver]:
    receiver = Receiver()
    world.hubspot.settings.actions_url = receiver.url
    world.hubspot.settings.redelivery_seconds = 0.02
    yield receiver
    receiver.stop()
