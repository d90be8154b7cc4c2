"""The main job, shown: real processes, the built-in sandbox, and what both vendors hold afterwards."""

from __future__ import annotations

from service.demo.story import run_demo

__all__ = ["run_demo"]
