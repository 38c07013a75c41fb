package io.millrace.artifact.storage;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.millrace.artifact.storage.ObjectStore.ObjectMissing;
import io.millrace.artifact.storage.ObjectUpload.Sha256;
import io.millrace.database.Tx;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.core.io.buffer.DefaultDataBufferFactory;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;

/**
 * Objects of any size in a bounded memory. Every method blocks and throws {@link
 * StorageUnavailable} where the store cannot be used.
 */
@Component
public final class Objects {

  private static final Logger log = LoggerFactory.getLogger(Objects.class);
  private static final int CHUNK = 64 * 1024;
  private static final Executor READERS =
      task -> Thread.ofVirtual().name("object-read").start(task);

  private final ObjectStore store;
  private final Claims claims;
  private final S3Settings settings;
  private final UploadMemory memory;
  private final Counter corrupt;

  Objects(ObjectStore store, Claims claims, S3Settings settings, MeterRegistry meters) {
    this.store = store;
    this.claims = claims;
    this.settings = settings;
    this.memory = new UploadMemory(settings.uploadMemory().toBytes(), settings.uploadWait());
    this.corrupt =
        Counter.builder("millrace.artifact.corrupt")
            .description("Reads refused because the stored bytes are not the ones written")
            .register(meters);
  }

  /**
   * Starts an upload under a key of its own.
   *
   * @param declaredSize bytes that will come, where known
   * @param declaredSha256 of those bytes, where known
   */
  public ObjectUpload upload(OptionalLong declaredSize, @Nullable String declaredSha256) {
    return begin(KeyChoice.unique(), declaredSize, declaredSha256);
  }

  /** Starts an upload that {@link Contents} will keep by its content. */
  public ObjectUpload uploadContent(OptionalLong declaredSize, @Nullable String declaredSha256) {
    return begin(
        declaredSha256 == null ? KeyChoice.contentOrStaging() : KeyChoice.declared(declaredSha256),
        declaredSize,
        declaredSha256);
  }

  /** Moves a finished upload to the key of its content, unless it is there already. */
  public StoredObject atContentKey(StoredObject stored) {
    String key = KeyChoice.contentKey(stored.sha256());
    if (key.equals(stored.key())) {
      return stored;
    }
    claims.claim(key, null);
    store.copy(stored.key(), key);
    claims.giveUp(stored.key());
    return new StoredObject(key, stored.sha256(), stored.size());
  }

  /** Lets a finished upload be removed that no transaction will refer to. */
  public void discard(StoredObject stored) {
    claims.giveUp(stored.key());
  }

  /**
   * Takes note that the transaction refers to an uploaded object.
   *
   * @throws StorageUnavailable if the upload was given up meanwhile; the client may send it again
   */
  public void refer(Tx tx, StoredObject stored) {
    if (!claims.settle(tx, stored.key())) {
      throw new StorageUnavailable(
          "the upload took longer than millrace.artifact.abandoned-after and was given up: send it again");
    }
  }

  /** Lets objects be removed that the transaction no longer refers to. */
  public void release(Tx tx, List<String> keys) {
    claims.release(tx, keys);
  }

  /**
   * The bytes of an object. Their digest is checked before the last of them are passed on, so a
   * reader never gets a corrupt object to its end.
   *
   * @param told of a corruption, with the thread free to block
   * @throws ObjectCorrupt if it is known before the first byte; later the publisher fails with it
   */
  public Publisher<DataBuffer> read(StoredObject object, Consumer<ObjectCorrupt> told) {
    InputStream bytes;
    try {
      bytes = store.open(object.key());
    } catch (ObjectMissing missing) {
      throw found(object, "it is missing", told);
    }
    if (object.size() > CHUNK) {
      return DataBufferUtils.outputStreamPublisher(
          out -> copy(object, bytes, out, told),
          DefaultDataBufferFactory.sharedInstance,
          READERS,
          CHUNK);
    }
    try (bytes) {
      byte[] all = bytes.readNBytes((int) object.size() + 1);
      Sha256 digest = new Sha256();
      digest.update(all, 0, all.length);
      check(object, all.length, digest, told);
      return Flux.just(DefaultDataBufferFactory.sharedInstance.wrap(all));
    } catch (IOException e) {
      throw new StorageUnavailable("the object store stopped in the middle of " + object.key(), e);
    }
  }

  private void copy(
      StoredObject object, InputStream in, OutputStream out, Consumer<ObjectCorrupt> told) {
    try (in) {
      Sha256 digest = new Sha256();
      long size = 0;
      byte[] ready = new byte[CHUNK];
      byte[] next = new byte[CHUNK];
      int readyLength = 0;
      while (true) {
        int length = in.readNBytes(next, 0, CHUNK);
        digest.update(next, 0, length);
        size += length;
        if (length < CHUNK || size > object.size()) {
          check(object, size, digest, told);
          out.write(ready, 0, readyLength);
          out.write(next, 0, length);
          return;
        }
        out.write(ready, 0, readyLength);
        byte[] swap = ready;
        ready = next;
        readyLength = length;
        next = swap;
      }
    } catch (IOException e) {
      throw new UncheckedIOException("reading " + object.key() + " ended early", e);
    }
  }

  private void check(StoredObject object, long size, Sha256 digest, Consumer<ObjectCorrupt> told) {
    if (size != object.size()) {
      throw found(object, "its size is not the stored one", told);
    }
    if (!digest.hex().equals(object.sha256())) {
      throw found(object, "its SHA-256 is not the stored one", told);
    }
  }

  private ObjectCorrupt found(StoredObject object, String what, Consumer<ObjectCorrupt> told) {
    ObjectCorrupt damage =
        new ObjectCorrupt(
            "the object %s in %s is damaged: %s; restore it from a backup or store it again"
                .formatted(object.key(), store.address(), what));
    log.error("{}", damage.getMessage());
    corrupt.increment();
    try {
      told.accept(damage);
    } catch (RuntimeException e) {
      log.warn("could not mark {}: {}", object.key(), e.toString());
    }
    return damage;
  }

  private ObjectUpload begin(
      KeyChoice keys, OptionalLong declaredSize, @Nullable String declaredSha256) {
    return new ObjectUpload(
        store,
        claims,
        memory,
        Math.toIntExact(settings.partSize().toBytes()),
        keys,
        declaredSha256,
        declaredSize);
  }
}
