"""Trainer: an engine on a background thread, a run that records it, and commands. No screen."""

from __future__ import annotations
