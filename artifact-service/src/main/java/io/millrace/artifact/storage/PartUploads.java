package io.millrace.artifact.storage;

import io.millrace.artifact.storage.ObjectStore.ObjectMissing;
import io.millrace.artifact.storage.ObjectStore.SenderFailed;
import io.millrace.database.Database;
import io.millrace.database.Row;
import io.millrace.database.Tx;
import io.minio.messages.Part;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.springframework.stereotype.Component;

/**
 * Uploads whose parts come in calls of their own, in any order and at once, to whichever instance,
 * over restarts. A part passes through without being held; what it was is noted and compared when
 * the object is read once at the end, which gives its SHA-256.
 */
@Component
public final class PartUploads {

  private static final Duration FINISHING = Duration.ofMinutes(30);
  private static final Duration DONE_IS_KNOWN_FOR = Duration.ofDays(1);
  private static final int CHUNK = 256 * 1024;
  private static final long CLAIM_EVERY = 2L << 30;

  private final Database database;
  private final ObjectStore store;
  private final Claims claims;
  private final Blocks blocks;
  private final StorageSettings settings;

  PartUploads(
      Database database,
      ObjectStore store,
      Claims claims,
      Blocks blocks,
      StorageSettings settings) {
    this.database = database;
    this.store = store;
    this.claims = claims;
    this.blocks = blocks;
    this.settings = settings;
  }

  /** Where an upload is. */
  public enum State {
    OPEN,
    FINISHING,
    DONE,
    GIVEN_UP
  }

  /**
   * An upload in parts.
   *
   * @param id unguessable
   * @param target what it will be: a path, or a digest
   * @param parts numbers go from 1 to this
   * @param partSize bytes of all parts but the last; 0: any
   * @param direct parts go to the object store itself
   */
  public record PartUpload(
      String id,
      String target,
      String objectKey,
      String storeUploadId,
      int parts,
      long partSize,
      boolean direct,
      State state) {}

  /** A part that is stored. */
  public record Received(int number, long size, long crc32c, String etag) {}

  /** A part that the sender says is stored. */
  public record Named(int number, String etag) {}

  /** Starts an upload. */
  public PartUpload begin(String target, int parts, long partSize, boolean direct) {
    String id = UUID.randomUUID().toString().replace("-", "");
    String key = "parts/" + id.substring(0, 2) + "/" + id;
    claims.claimForAnyone(key, null, settings.partsAfter());
    String storeUploadId = store.beginParts(key);
    claims.claimForAnyone(key, storeUploadId, settings.partsAfter());
    PartUpload begun =
        new PartUpload(id, target, key, storeUploadId, parts, partSize, direct, State.OPEN);
    database.inTransactionVoid(
        tx ->
            tx.update(
                """
                insert into part_uploads
                  (upload_id, target, object_key, store_upload_id, parts, part_size, direct)
                values ($1, $2, $3, $4, $5, $6, $7)
                """,
                id,
                target,
                key,
                storeUploadId,
                parts,
                partSize,
                direct));
    return begun;
  }

  /** The upload of that id. */
  public Optional<PartUpload> find(String id) {
    return database.read(
        tx ->
            tx.queryOne(
                "select * from part_uploads where upload_id = $1", PartUploads::upload, id));
  }

  /** The newest upload of a target that can go on. */
  public Optional<PartUpload> openFor(String target) {
    return database.read(
        tx ->
            tx.queryOne(
                """
                select p.* from part_uploads p
                join unreferenced_objects u on u.object_key = p.object_key and not u.deleting
                where p.target = $1 and p.state in ('OPEN', 'FINISHING')
                order by p.touched_at desc limit 1
                """,
                PartUploads::upload,
                target));
  }

  /** The parts that are stored, by number. */
  public List<Received> received(String id) {
    return database.read(
        tx ->
            tx.query(
                """
                select number, size, crc32c, etag from received_parts
                where upload_id = $1 order by number
                """,
                row ->
                    new Received(
                        row.int4("number"),
                        row.int8("size"),
                        row.int8("crc32c"),
                        row.string("etag")),
                id));
  }

  /**
   * The address at the object store to which a part is put; empty where clients cannot reach it.
   */
  public Optional<String> publicAddress(PartUpload upload, int number, Duration valid) {
    return store.publicPartAddress(upload.objectKey(), upload.storeUploadId(), number, valid);
  }

  /** Whether clients can reach the object store. */
  public boolean isStorePublic() {
    return store.publicAddress("x", Duration.ofMinutes(1)).isPresent();
  }

  /**
   * Stores a part; a part of the same number is replaced.
   *
   * @param bytes exactly that many
   * @return the part's ETag
   * @throws IOException if the sender goes away
   * @throws InvalidParts if the upload takes no more parts
   */
  public String receive(PartUpload upload, int number, InputStream bytes, long length)
      throws IOException {
    if (length < 1) {
      throw new InvalidParts("part %d is empty".formatted(number));
    }
    if (upload.state() != State.OPEN) {
      throw new InvalidParts("upload %s takes no more parts".formatted(upload.id()));
    }
    claims.claimForAnyone(upload.objectKey(), upload.storeUploadId(), settings.partsAfter());
    Summed summed = new Summed(bytes);
    String etag;
    try {
      etag = store.passPart(upload.objectKey(), upload.storeUploadId(), number, summed, length);
    } catch (SenderFailed e) {
      throw new IOException("the part did not come whole: " + e.getCause(), e);
    } catch (ObjectMissing e) {
      throw new InvalidParts("upload %s is over; start it again".formatted(upload.id()));
    }
    database.inTransactionVoid(
        tx -> {
          tx.update(
              """
              insert into received_parts (upload_id, number, size, crc32c, etag)
              values ($1, $2, $3, $4, $5)
              on conflict (upload_id, number) do update
              set size = excluded.size, crc32c = excluded.crc32c, etag = excluded.etag
              """,
              upload.id(),
              number,
              length,
              summed.crc.getValue(),
              etag);
          tx.update("update part_uploads set touched_at = now() where upload_id = $1", upload.id());
        });
    return etag;
  }

  /**
   * Takes an upload for finishing, so that only one call does it at a time; false while another
   * call has it, or where it is over.
   */
  public boolean takeForFinishing(PartUpload upload) {
    return database.inTransaction(
            tx ->
                tx.update(
                    """
                    update part_uploads
                    set state = 'FINISHING', touched_at = now(),
                        finishing_until = now() + $2 * interval '1 millisecond'
                    where upload_id = $1
                      and (state = 'OPEN' or (state = 'FINISHING' and finishing_until < now()))
                    """,
                    upload.id(),
                    FINISHING.toMillis()))
        == 1;
  }

  /** Lets an upload whose finishing failed go on. */
  public void reopen(PartUpload upload) {
    database.inTransactionVoid(
        tx ->
            tx.update(
                "update part_uploads set state = 'OPEN' where upload_id = $1 and state = 'FINISHING'",
                upload.id()));
  }

  /**
   * Makes the parts one object, reads it once, and returns it with its digest. It is claimed like
   * every upload. Call it between {@link #takeForFinishing} and {@link #done} or {@link #reopen}.
   *
   * @throws InvalidParts if a named part is not stored, or the bytes stored are not those received
   */
  public StoredObject finish(PartUpload upload, List<Named> named) {
    List<Received> received;
    try {
      List<Named> ordered = named.stream().sorted(Comparator.comparingInt(Named::number)).toList();
      received = check(upload, ordered);
      claims.claimForAnyone(upload.objectKey(), upload.storeUploadId(), settings.partsAfter());
      makeOne(upload, ordered);
    } catch (RuntimeException e) {
      reopen(upload);
      throw e;
    }
    try {
      return read(upload, received);
    } catch (InvalidParts e) {
      giveUp(upload);
      throw e;
    } catch (RuntimeException e) {
      reopen(upload);
      throw e;
    }
  }

  private void makeOne(PartUpload upload, List<Named> ordered) {
    try {
      store.completeParts(
          upload.objectKey(),
          upload.storeUploadId(),
          ordered.stream().map(part -> new Part(part.number(), part.etag())).toList());
    } catch (ObjectMissing over) {
      // A call that was killed may have made the object; reading it decides.
    }
  }

  /** The transaction refers to the object of the upload. */
  public void done(Tx tx, PartUpload upload) {
    tx.update("update part_uploads set state = 'DONE' where upload_id = $1", upload.id());
  }

  /** Gives an upload up; its bytes are removed. */
  public void giveUp(PartUpload upload) {
    database.inTransactionVoid(
        tx -> {
          tx.update(
              """
              update part_uploads set state = 'GIVEN_UP'
              where upload_id = $1 and state in ('OPEN', 'FINISHING')
              """,
              upload.id());
          Claims.giveUpForAll(tx, upload.objectKey());
        });
  }

  /** Forgets uploads whose objects are removed, and after a day those that are done. */
  static void forget(Tx tx, String[] keys) {
    tx.update("delete from part_uploads where object_key = any($1)", (Object) keys);
    tx.update(
        """
        delete from part_uploads
        where state = 'DONE' and touched_at < now() - $1 * interval '1 millisecond'
        """,
        DONE_IS_KNOWN_FOR.toMillis());
  }

  private List<Received> check(PartUpload upload, List<Named> ordered) {
    if (ordered.isEmpty()) {
      throw new InvalidParts("no parts are named");
    }
    for (int i = 0; i < ordered.size(); i++) {
      if (ordered.get(i).number() != i + 1) {
        throw new InvalidParts(
            "the parts must be numbered 1 to %d without gaps; part %d is missing"
                .formatted(ordered.size(), i + 1));
      }
    }
    if (upload.direct()) {
      return List.of();
    }
    Map<Integer, Received> stored = new HashMap<>();
    received(upload.id()).forEach(part -> stored.put(part.number(), part));
    List<Received> named = new ArrayList<>();
    for (Named part : ordered) {
      Received found = stored.get(part.number());
      if (found == null || !found.etag().equals(part.etag())) {
        throw new InvalidParts(
            "part %d %s: send it again"
                .formatted(
                    part.number(),
                    found == null ? "did not arrive" : "has another ETag than the one named"));
      }
      named.add(found);
    }
    return named;
  }

  private StoredObject read(PartUpload upload, List<Received> parts) {
    Sha256 digest = Sha256.of(parts.stream().mapToLong(Received::size).sum());
    BlockChecks checks = new BlockChecks();
    PartSums sums = new PartSums(parts);
    long size = 0;
    long claimedAt = 0;
    try (InputStream bytes = store.open(upload.objectKey())) {
      byte[] buffer = new byte[CHUNK];
      for (int read; (read = bytes.read(buffer)) >= 0; ) {
        digest.update(buffer, 0, read);
        checks.update(buffer, 0, read);
        sums.update(buffer, read);
        size += read;
        if (size - claimedAt > CLAIM_EVERY) {
          claims.claimForAnyone(upload.objectKey(), null, settings.partsAfter());
          claimedAt = size;
        }
      }
    } catch (ObjectMissing e) {
      throw new InvalidParts("upload %s is over; start it again".formatted(upload.id()));
    } catch (IOException e) {
      throw new StorageUnavailable("the object store stopped in the middle of an upload's end", e);
    }
    sums.finish();
    if (size > BlockChecks.BLOCK) {
      blocks.keep(upload.objectKey(), checks.finish());
    }
    return new StoredObject(upload.objectKey(), digest.hex(), size);
  }

  private static PartUpload upload(Row row) {
    return new PartUpload(
        row.string("upload_id"),
        row.string("target"),
        row.string("object_key"),
        row.string("store_upload_id"),
        row.int4("parts"),
        row.int8("part_size"),
        row.bool("direct"),
        State.valueOf(row.string("state")));
  }

  /** Compares what the store gives back with what passed, part by part. */
  private static final class PartSums {
    private final List<Received> parts;
    private final CRC32C crc = new CRC32C();
    private int at;
    private long seen;

    PartSums(List<Received> parts) {
      this.parts = parts;
    }

    void update(byte[] bytes, int length) {
      int from = 0;
      while (from < length && at < parts.size()) {
        int taken = (int) Math.min(length - from, parts.get(at).size() - seen);
        crc.update(bytes, from, taken);
        from += taken;
        seen += taken;
        if (seen == parts.get(at).size()) {
          end();
        }
      }
      if (from < length && !parts.isEmpty()) {
        throw new InvalidParts("the object store has more bytes than the parts have");
      }
    }

    void finish() {
      if (at < parts.size()) {
        throw new InvalidParts("part %d is not stored whole: send it again".formatted(at + 1));
      }
    }

    private void end() {
      if (crc.getValue() != parts.get(at).crc32c()) {
        throw new InvalidParts(
            "part %d is not stored as it was sent: send it again".formatted(at + 1));
      }
      crc.reset();
      seen = 0;
      at++;
    }
  }

  private static final class Summed extends FilterInputStream {
    private final CRC32C crc = new CRC32C();

    Summed(InputStream in) {
      super(in);
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      int read = super.read(bytes, offset, length);
      if (read > 0) {
        crc.update(bytes, offset, read);
      }
      return read;
    }
  }
}
