"""Run as ``python score.py tool.json answers.json``: scores a list of {question: code} in a line each."""

import json
import sys
from math import exp


def score(tool, answers):
    scores = list(tool["components"]["log_weight"])
    for question in tool["questions"]:
        answer = answers.get(question["name"])
        if answer is None:
            continue
        if answer not in question["codes"]:
            return {"error": "unknown code of " + question["name"]}
        points = question["points"][question["codes"].index(answer)]
        scores = [a + b for a, b in zip(scores, points, strict=True)]
    shares = [0.0] * len(tool["segments"])
    for k, value in zip(tool["components"]["class_of"], scores, strict=True):
        shares[k] += exp(value - max(scores))
    found = [share / sum(shares) for share in shares]
    best = next(k for k, p in enumerate(found) if p >= max(found) - tool["tie"])
    return {"probabilities": found, "segment": tool["segments"][best]}


if __name__ == "__main__":
    contents = [json.load(open(path, encoding="utf-8")) for path in sys.argv[1:]]  # noqa: PTH123, SIM115
    for each in contents[1]:
        print(json.dumps(score(contents[0], each)))  # noqa: T201
