"""The paths of GitHub's REST API, version 3: the usual mixture of words and variables."""

from __future__ import annotations

import random

__all__ = ["ROUTES", "requests"]

REPO = (
    "|/assignees|/assignees/{assignee}|/branches|/branches/{branch}|/collaborators|/collaborators/{user}|/comments"
    "|/comments/{id}|/commits|/commits/{sha}|/commits/{sha}/comments|/contributors|/downloads|/downloads/{id}|/events"
    "|/forks|/git/blobs|/git/blobs/{sha}|/git/commits|/git/commits/{sha}|/git/refs|/git/tags|/git/tags/{sha}|/git/trees"
    "|/git/trees/{sha}|/hooks|/hooks/{id}|/hooks/{id}/tests|/issues|/issues/{number}|/issues/{number}/comments"
    "|/issues/{number}/events|/issues/{number}/labels|/issues/{number}/labels/{name}|/keys|/keys/{id}|/labels"
    "|/labels/{name}|/languages|/merges|/milestones|/milestones/{number}|/milestones/{number}/labels|/notifications"
    "|/pulls|/pulls/{number}|/pulls/{number}/comments|/pulls/{number}/commits|/pulls/{number}/files"
    "|/pulls/{number}/merge|/readme|/releases|/releases/{id}|/releases/{id}/assets|/stargazers|/stats/code_frequency"
    "|/stats/commit_activity|/stats/contributors|/stats/participation|/stats/punch_card|/statuses/{ref}|/subscribers"
    "|/subscription|/tags|/teams"
)
USER = (
    "|/events|/events/orgs/{org}|/events/public|/followers|/following|/following/{target}|/gists|/keys|/orgs"
    "|/received_events|/received_events/public|/repos|/starred|/subscriptions"
)
ORG = "|/events|/issues|/members|/members/{user}|/public_members|/public_members/{user}|/repos|/teams"
TEAM = "|/members|/members/{user}|/repos|/repos/{owner}/{repo}"
OWN = (
    "|/emails|/followers|/following|/following/{user}|/issues|/keys|/keys/{id}|/orgs|/repos|/starred"
    "|/starred/{owner}/{repo}|/subscriptions|/subscriptions/{owner}/{repo}|/teams"
)
OTHERS = (
    "/applications/{client}/tokens /applications/{client}/tokens/{token} /authorizations /authorizations/{id} /emojis"
    " /events /feeds /gists /gists/{id} /gists/{id}/forks /gists/{id}/star /gitignore/templates"
    " /gitignore/templates/{name} /issues /legacy/issues/search/{owner}/{repository}/{state}/{keyword}"
    " /legacy/user/search/{keyword} /markdown /markdown/raw /meta /networks/{owner}/{repo}/events /notifications"
    " /notifications/threads/{id} /notifications/threads/{id}/subscription /rate_limit /repositories /search/code"
    " /search/issues /search/repositories /search/users /users"
)

ROUTES = [
    *(f"/repos/{{owner}}/{{repo}}{rest}" for rest in REPO.split("|")),
    *(f"/users/{{user}}{rest}" for rest in USER.split("|")),
    *(f"/orgs/{{org}}{rest}" for rest in ORG.split("|")),
    *(f"/teams/{{id}}{rest}" for rest in TEAM.split("|")),
    *(f"/user{rest}" for rest in OWN.split("|")),
    *OTHERS.split(),
]


def requests(count: int) -> list[str]:
    """Paths that the routes take, in an order that no branch predictor learns."""
    rng = random.Random(count)
    words = ["octocat", "hello-world", "17", "main", "0a1b2c3d4e5f", "envoyproxy", "bug", "v1.2.3"]
    paths = []
    for _ in range(count):
        segments = rng.choice(ROUTES).split("/")
        paths.append("/".join(rng.choice(words) if segment.startswith("{") else segment for segment in segments))
    return paths
