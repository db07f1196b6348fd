"""Where everything meets: the only file that knows all rooms. `House` is what a server is made of; `server` runs one.

    settings ─▶ store, accounts, directory, tokens ─▶ loop with its performers ─▶ doors ─▶ one port, TLS

Nothing here decides anything; it makes the rooms, hands each what it needs, and takes them down again in order. What several rooms have
to do together has a file beside this one: `places` (where data lies), `training`, `inquiries`, `online`, `batch`, `factories`, `events`.
"""

import sys
from pathlib import Path

from azurine import batch, factories, furnishing, ml, monitors, online, training
from azurine.alerts import Alerts
from azurine.api import auth, looking, public, questions, routes
from azurine.api import drafts as draft_questions
from azurine.api import identity as identity_door
from azurine.api import schedules as schedule_questions
from azurine.api.blobs.door import blob_app
from azurine.api.envelope import Addresses
from azurine.api.factory import callbacks
from azurine.api.mlflow import routes as mlflow_door
from azurine.api.mlflow.stored_files import StoredFiles
from azurine.api.scoring.door import Door
from azurine.compute.environments import Environments
from azurine.compute.looks import Looks
from azurine.events import Events
from azurine.identity import certificates, roles
from azurine.identity.directory import Directory
from azurine.identity.endpoint_keys import EndpointKeys
from azurine.identity.tokens import Tokens
from azurine.inquiries import Inquiries
from azurine.ml import (
    checking,
    computes,
    datastores,
    deployments,
    drafts,
    jobs,
    pipeline_endpoints,
    pipelines,
    registry_ids,
    resource_groups,
    schedules,
    subscriptions,
    workspaces,
)
from azurine.ml.alerting import drift_alerts
from azurine.ml.jobs import inputs
from azurine.model import clock
from azurine.model.kinds import Kind
from azurine.outbound.vault import Vault
from azurine.places import Places
from azurine.reconcile.loop import Loop
from azurine.reconcile.performers import Performer
from azurine.reconcile.sweeping import Sweeper
from azurine.settings import Settings, machine, variable
from azurine.storage import blocks
from azurine.storage.accounts import Accounts
from azurine.storage.files import Files
from azurine.store.sql import open_log
from azurine.tracking.sql import Sql

LINGER = 0.05
"""Seconds by which it may be told later that a step is a phase further: a quick step then costs one commit instead of five."""
ASKED_FOR = ("workspaces/jobs",)
"""Kinds whose lists show only what a user asked for: the steps of a pipeline are listed under it."""


class House:
    """All rooms of one server, wired. url: where clients reach it."""

    def __init__(self, settings: Settings, url: str) -> None:
        self.settings = settings
        self.url = url
        home = settings.home
        self.log = open_log(settings.store or f"sqlite:///{home / 'azurine.db'}")
        self.accounts = Accounts(home / "storage")
        self.accounts.create(settings.account)
        self.files = Files(self.accounts)
        self.certificates = certificates.prepare(settings.certificates, clock.system(), settings.names)
        self.directory = Directory(settings.identity, settings.tenant)
        self.tokens = Tokens(settings.identity, self.directory, settings.names)
        self.environments = Environments(home, machine())
        workspace = f"subscriptions/{settings.subscription}/resourceGroups/{settings.resource_group}/workspaces/{settings.workspace}"
        self.kinds: dict[str, Kind] = {
            kind.name: kind
            for kind in (
                *ml.kinds(url),
                *jobs.KINDS,
                pipelines.KIND,
                pipeline_endpoints.KIND,
                drafts.KIND,
                *schedules.KINDS,
                drift_alerts.KIND,
                *monitors.KINDS,
                *online.kinds(url, workspace),
                *factories.KINDS,
                subscriptions.KIND,
                resource_groups.KIND,
                deployments.KIND,
            )
        }
        self.tracking = Sql(settings.store or f"sqlite:///{home / 'tracking.db'}")
        self.places = Places(self.log, self.accounts, self.files, url)
        addresses = Addresses(self.kinds)
        self._inquiries = Inquiries(self.log, self.tracking, self.places, addresses, url)
        self.online = online.Online(
            home,
            settings.identity,
            workspace,
            self.log,
            python=lambda definition, log: self.environments.ensure(definition, log).python,
            locate=self.places.locate,
            logs=self.places.endpoint_logs,
            variables={name: value for name, value in machine().items() if not name.startswith("AZURINE_")},
        )
        self.events = Events(self.log, self.kinds, self.files, self.places.location)
        self._training = training.Training(
            training.Surroundings(
                home,
                self.log,
                self.tracking,
                self.places,
                addresses,
                self.tokens,
                self.environments,
                url,
                self.certificates.bundle,
                self.events.step_ended,
            )
        )
        vault = Vault(Path(settings.secrets or home / "secrets.yaml"), variable)
        self._alerts = Alerts(settings.smtp, settings.smtp_from, vault, self.certificates.bundle)
        self._workshop = factories.Workshop(
            factories.Surroundings(
                home,
                self.accounts,
                self.log,
                self.kinds,
                self.tracking,
                url,
                self.certificates.bundle,
                self.tokens,
                self.directory,
                EndpointKeys(settings.identity),
                vault,
                self.events.moved,
            )
        )
        self._monitors = monitors.Monitors(self.log, self.places.locate)
        performers: dict[str, Performer] = {
            "deployment": self.online.performer,
            **self._training.performers,
            **self._monitors.performers,
            **self._workshop.performers,
            **self.events.performers,
            **self._alerts.performers,
        }
        self.loop = Loop(self.log, self.kinds, performers, clock.system, LINGER)
        self._looks = Looks(home, sys.executable)
        self._sweeper = Sweeper(home / "tasks", jobs.KIND.name, self._training.rests, self.tracking.forget)
        self.log.listen(self._sweeper.tell)
        self.ready = False

    def app(self) -> Door:
        paths = auth.public_paths([*auth.IDENTITY_PATHS, *public.PUBLIC, callbacks.PUBLIC])
        inner = routes.create_app(
            self.log,
            self.kinds,
            authorize=roles.may,
            sign_in=lambda inner: auth.Authentication(inner, self.tokens.check, paths, f"{self.url}/{self.settings.tenant}"),
            asked_for=ASKED_FOR,
            finish={jobs.KIND.name: self._inquiries.with_addresses},
            instead=registry_ids.curated_instead,
            table={
                **questions.table(
                    self.places.stores(),
                    account_of=workspaces.account,
                    location=datastores.location,
                    secrets=datastores.secrets,
                    nodes=computes.nodes,
                ),
                **self.online.table,
                **factories.table(),
                **schedule_questions.table(schedules.NAME, schedules.submitted),
                **self._workshop.table(),
                **self._monitors.table(),
                **draft_questions.table(checking.check, self._inquiries.compare),
                **looking.table(self.places.data, self._looks.look, inputs.place, self._inquiries.again),
            },
            extra=[
                *identity_door.routes(self.directory, self.tokens),
                *mlflow_door.routes(
                    self.log, self.tracking, StoredFiles(self.files, self.places.spot), clock.system, kinds=self.kinds, authorize=roles.may
                ),
            ],
            early=[
                *self.events.routes(roles.may),
                *self._workshop.routes(),
                *self.online.routes(self.kinds, roles.may),
                *batch.routes(self.log, self.kinds, roles.may, {jobs.KIND.name: self._inquiries.with_addresses}, self.online.workspace),
            ],
            blobs=blob_app(self.files, self.tokens.check, self._challenge()),
            artifacts=self._inquiries.artifacts(),
            sizes=computes.sizes,
            ready=lambda: self.ready,
        )
        return self.online.door(inner, self.tokens.check, roles.may)

    def _challenge(self) -> str:
        """Where clients of the storage accounts sign in, said to those who have not."""
        return f"Bearer authorization_uri={self.url}/{self.settings.tenant}/oauth2/authorize resource_id=https://storage.azure.com"

    def start(self) -> None:
        """Furnishes a new home, begins to look after what was left unfinished, and says ready."""
        self.accounts.sweep()
        blocks.sweep(self.files)
        furnishing.furnish(self.log, self.kinds, self.accounts, self.settings)
        self.events.start()
        self.loop.start()
        self.online.start()
        self._sweeper.start()
        self.ready = True

    def close(self) -> None:
        self.ready = False
        self.loop.stop()
        self._sweeper.close()
        self._training.stop()
        self._workshop.close()
        self._monitors.close()
        self.events.close()
        self._alerts.close()
        self.online.close()
        self._looks.close()
        self._training.close()
        self.tracking.close()
        self.log.close()
