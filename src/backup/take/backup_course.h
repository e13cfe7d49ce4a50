// The course of a base backup over a session that is already there.
#pragma once

#include "postgres/session.h"

#include <tapster/base_backup.h>

#include <memory>
#include <stop_token>

namespace tapster {

// See take_base_backup. The session is closed at the end, and before anything else after a failure.
void run_base_backup(std::unique_ptr<PostgresSession> session, ObjectStore& store, const ArchiveLayout& layout,
                     const BaseBackupOptions& options, Clock& clock, const std::stop_token& stop);

}  // namespace tapster
