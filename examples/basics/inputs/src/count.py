"""Counts the patients older than an age."""

import argparse
import csv
import os
from pathlib import Path

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--patients", type=Path, required=True)
parser.add_argument("--older_than", type=int, required=True)
parser.add_argument("--title", required=True)
parser.add_argument("--verbose", type=lambda text: text.lower() == "true", default=False)
parser.add_argument("--result", type=Path, required=True)
args = parser.parse_args()

with open(args.patients, newline="") as file:
    ages = [int(row["Age"]) for row in csv.DictReader(file)]
older = sum(age > args.older_than for age in ages)
if args.verbose:
    print(f"{os.environ.get('GREETING', '')}: {args.title}: ages {ages}")
print(f"{older} of {len(ages)} patients are older than {args.older_than}")

args.result.mkdir(parents=True, exist_ok=True)
(args.result / "older.txt").write_text(f"{older}\n")

# What is written to ./outputs belongs to the job itself, and is found under its artifacts.
os.makedirs("outputs", exist_ok=True)
Path("outputs/summary.txt").write_text(f"{args.title}: {older}\n")
