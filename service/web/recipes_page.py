"""The recipes page: two HubSpot workflows, step by step."""

from __future__ import annotations

from flask import Blueprint, render_template

from service.web.recipes import RECIPES


def add_recipes(routes: Blueprint) -> None:
    """GET /recipes"""

    @routes.get("/recipes")
    def list_recipes() -> str:
        return render_template("recipes.html", recipes=RECIPES)
