#include "base/bytes.hpp"
#include "store/rocks_database.hpp"
#include "store/rocks_store.hpp"
#include "store/slice_view.hpp"

namespace millrace {
namespace {

std::string prefix_of(std::string_view kind) {
  std::string key(kind);
  key.push_back('\0');
  return key;
}

std::string key_of(std::string_view kind, std::string_view id) { return prefix_of(kind) + std::string(id); }

Result<Document> decode(std::string_view id, std::string_view bytes) {
  ByteReader reader(bytes);
  Document document;
  document.id = std::string(id);
  document.revision = reader.varint();
  document.json = std::string(reader.raw(reader.left()));
  if (!reader.ok() || document.revision == 0) {
    return fail(ErrorCode::corrupt, "store: a document is not what was written");
  }
  return document;
}

std::string named(std::string_view kind, std::string_view id) {
  return std::string(kind) + " \"" + std::string(id) + "\"";
}

Result<void> check_kind(std::string_view kind) {
  if (!kind.empty() && kind.find('\0') == std::string_view::npos) return {};
  return fail(ErrorCode::invalid_argument, "store: the kind of a document is one or more bytes, none of them NUL");
}

std::unexpected<Error> lost_race(std::string_view kind, std::string_view id, std::uint64_t expected,
                                 std::uint64_t stands) {
  return fail(ErrorCode::conflict, named(kind, id) + " has revision " + std::to_string(stands) + ", not " +
                                       std::to_string(expected) + "; read it again and repeat the change");
}

/// 0 if there is none.
Result<std::uint64_t> revision_of(const Result<Document>& document) {
  if (document) return document->revision;
  if (document.error().code == ErrorCode::not_found) return 0;
  return fail(document.error());
}

}  // namespace

Result<Document> RocksStore::get(std::string_view kind, std::string_view id) {
  if (auto valid = check_kind(kind); !valid) return fail(valid.error());
  rocksdb::PinnableSlice bytes;
  const auto status = database_->db().Get({}, database_->documents(), key_of(kind, id), &bytes);
  if (status.IsNotFound()) return fail(ErrorCode::not_found, "there is no " + named(kind, id));
  if (!status.ok()) return fail(error_of(status, "read a document"));
  return decode(id, view_of(bytes));
}

Result<Document> RocksStore::put(std::string_view kind, std::string_view id, std::string_view json,
                                 std::optional<std::uint64_t> expected) {
  const std::lock_guard lock(database_->documents_mutex);
  const auto stands = revision_of(get(kind, id));
  if (!stands) return fail(stands.error());
  if (expected && *expected != *stands) return lost_race(kind, id, *expected, *stands);
  Document document{std::string(id), *stands + 1, std::string(json)};
  std::string bytes;
  ByteWriter writer(bytes);
  writer.varint(document.revision);
  writer.raw(json);
  rocksdb::WriteBatch batch;
  (void)batch.Put(database_->documents(), key_of(kind, id), bytes);
  if (auto written = database_->write(batch, RocksDatabase::Durability::synced, "write a document"); !written) {
    return fail(written.error());
  }
  return document;
}

Result<void> RocksStore::remove(std::string_view kind, std::string_view id, std::optional<std::uint64_t> expected) {
  const std::lock_guard lock(database_->documents_mutex);
  const auto stands = revision_of(get(kind, id));
  if (!stands) return fail(stands.error());
  if (*stands == 0) return fail(ErrorCode::not_found, "there is no " + named(kind, id));
  if (expected && *expected != *stands) return lost_race(kind, id, *expected, *stands);
  rocksdb::WriteBatch batch;
  (void)batch.Delete(database_->documents(), key_of(kind, id));
  return database_->write(batch, RocksDatabase::Durability::synced, "remove a document");
}

Result<std::vector<Document>> RocksStore::list(std::string_view kind) {
  if (auto valid = check_kind(kind); !valid) return fail(valid.error());
  std::vector<Document> documents;
  const std::string prefix = prefix_of(kind);
  const std::unique_ptr<rocksdb::Iterator> at(database_->db().NewIterator({}, database_->documents()));
  for (at->Seek(prefix); at->Valid() && at->key().starts_with(prefix); at->Next()) {
    auto document = decode(view_of(at->key()).substr(prefix.size()), view_of(at->value()));
    if (!document) return fail(document.error());
    documents.push_back(std::move(*document));
  }
  if (!at->status().ok()) return fail(error_of(at->status(), "list documents"));
  return documents;
}

}  // namespace millrace
