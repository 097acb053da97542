# SPDX-License-Identifier: GPL-2.0
"""The results of kgil bench: what a directory of its JSON files holds."""
import json
import math
import os
import statistics


def key_of(record):
    return (record["section"], record["variant"], record["metric"],
            tuple(sorted(record["params"].items())))


class Run:
    """All that was measured with one kernel and one idle mode."""

    def __init__(self, kernel, mode):
        self.kernel = kernel
        self.mode = mode
        self.environments = {}
        self.records = {}
        self.ratios = {}
        self.missing = []

    def add(self, name, document):
        self.environments[name] = document["environment"]
        self.missing += [v for v in document["missing"] if v not in self.missing]
        for record in document["records"]:
            self.records[key_of(record)] = record
        for ratios in document["ratios"]:
            self.ratios.setdefault(key_of(ratios), []).append(ratios)

    def environment(self):
        return next(iter(self.environments.values()))

    def record(self, section, variant, metric, **params):
        return self.records.get((section, variant, metric, tuple(sorted(params.items()))))

    def samples(self, section, variant, metric, **params):
        record = self.record(section, variant, metric, **params)
        return record.get("samples", []) if record else []

    def median(self, section, variant, metric, **params):
        return median(self.samples(section, variant, metric, **params))

    def of(self, section, metric):
        """The records of a metric, in the order in which they were measured."""
        return [r for r in self.records.values()
                if r["section"] == section and r["metric"] == metric]


def median(samples):
    good = [s for s in samples if s is not None]
    return statistics.median(good) if good else math.nan


def ratio(samples, base):
    """The median of the quotients, pair by pair."""
    return median([s / b for s, b in zip(samples, base) if s is not None and b])


def load(directory):
    """Runs by (kernel, mode), from files KERNEL-MODE-SECTION.json."""
    runs = {}
    for name in sorted(os.listdir(directory)):
        if not name.endswith(".json"):
            continue
        kernel, mode, section = name[:-len(".json")].rsplit("-", 2)
        with open(os.path.join(directory, name), encoding="utf-8") as file:
            document = json.load(file)
        runs.setdefault((kernel, mode), Run(kernel, mode)).add(section, document)
    return runs
