// name: project_facts
// what: how much was read of projects, and when: what a verdict on them rests on
// params: projects (list of strings) = []
// returns: project (string), name (string or null), host_id (string or null),
//     default_branch (string or null), shallow (boolean or null), ancestry (boolean or null),
//     unread (string or null), first_observed_at (integer or null, epoch seconds),
//     observed_at (integer or null, epoch seconds), failed_at (integer or null, epoch seconds),
//     corrected_at (integer or null, epoch seconds), late_at (integer or null, epoch seconds)
//
// projects: keys of repositories and variants. failed_at: the last try to read it failed.
// corrected_at: the latest commit of its default branch whose clock cannot have been right. late_at:
// when a look last found commits there that another look had missed, although they seem older.

UNWIND $projects AS key
MATCH (p:Repository|Variant {key: key})
OPTIONAL MATCH (p)-[h:HAS_COMMIT]->(:Commit)
WHERE h.on_default AND (h.settled_at IS NOT NULL OR h.entered_at IS NOT NULL)
WITH p, max(h.settled_at) AS corrected_at, max(h.entered_at) AS late_at
RETURN p.key AS project, p.name AS name, p.host_id AS host_id, p.default_branch AS default_branch,
       p.shallow AS shallow, p.ancestry AS ancestry, p.unread AS unread,
       p.first_observed_at AS first_observed_at, p.observed_at AS observed_at,
       p.failed_at AS failed_at, corrected_at, late_at
ORDER BY project
