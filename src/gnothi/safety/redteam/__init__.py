"""Red teaming: which attack to make next, by what is believed of all of them; what was found, and what is left."""

from gnothi.safety.redteam.arms import PLAIN, Arm, Attack, AttackSpace, Features, cross, features_of
from gnothi.safety.redteam.beside import answers_beside
from gnothi.safety.redteam.campaign import Campaign, CampaignSettings, Query
from gnothi.safety.redteam.discovery import Discovery, replay
from gnothi.safety.redteam.distinct import Distinct, expected_gains, expected_new, keys_of
from gnothi.safety.redteam.findings import ArmFinding, Findings, advantage, findings, per_thousand
from gnothi.safety.redteam.journal import Journal
from gnothi.safety.redteam.pairwise import Judgement, JudgementFile, Preference, cohens_h, preference
from gnothi.safety.redteam.planted import PlantedTarget, Weaknesses, plant
from gnothi.safety.redteam.policies import POLICIES, Policy, find_policy
from gnothi.safety.redteam.posterior import FailurePosterior
from gnothi.safety.redteam.secrets import secret_prompts
from gnothi.safety.redteam.spaces import SUITES, Suite, find_suite, space_of

__all__ = [
    "PLAIN",
    "POLICIES",
    "SUITES",
    "Arm",
    "ArmFinding",
    "Attack",
    "AttackSpace",
    "Campaign",
    "CampaignSettings",
    "Discovery",
    "Distinct",
    "FailurePosterior",
    "Features",
    "Findings",
    "Journal",
    "Judgement",
    "JudgementFile",
    "PlantedTarget",
    "Policy",
    "Preference",
    "Query",
    "Suite",
    "Weaknesses",
    "advantage",
    "answers_beside",
    "cohens_h",
    "cross",
    "expected_gains",
    "expected_new",
    "features_of",
    "find_policy",
    "find_suite",
    "findings",
    "keys_of",
    "per_thousand",
    "plant",
    "preference",
    "replay",
    "secret_prompts",
    "space_of",
]
