package io.millrace.artifact.storage;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.millrace.artifact.storage.ObjectStore.ObjectMissing;
import io.millrace.database.Row;
import io.millrace.database.Tx;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.core.io.buffer.DefaultDataBufferFactory;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

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
  private static final Scheduler BLOCKING = Schedulers.fromExecutor(READERS);

  private final ObjectStore store;
  private final Claims claims;
  private final Blocks blocks;
  private final ObjectStream stream;
  private final S3Settings settings;
  private final UploadMemory memory;
  private final Counter corrupt;

  Objects(
      ObjectStore store,
      Claims claims,
      Blocks blocks,
      ObjectStream stream,
      S3Settings settings,
      MeterRegistry meters) {
    this.store = store;
    this.claims = claims;
    this.blocks = blocks;
    this.stream = stream;
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
    blocks.of(stored.key()).ifPresent(sums -> blocks.keep(key, sums));
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
   * Lets objects be removed whose keys a statement of this transaction returns as {@code
   * object_key}; one round trip for a whole tree.
   *
   * @param summary aggregates over what the statement returned, which make the one row that is
   *     mapped
   */
  public <T> T releaseThoseOf(
      Tx tx, String returningKeys, String summary, Function<Row, T> mapper, Object... arguments) {
    return claims.releaseThoseOf(tx, returningKeys, summary, mapper, arguments);
  }

  /**
   * The bytes of an object. Their digest is checked before the last of them are passed on, so a
   * reader never gets a corrupt object to its end.
   *
   * @param told of a corruption, with the thread free to block
   * @throws ObjectCorrupt if it is known before the first byte; later the publisher fails with it
   */
  public Publisher<DataBuffer> read(StoredObject object, Consumer<ObjectCorrupt> told) {
    if (object.size() <= CHUNK) {
      return Flux.just(DefaultDataBufferFactory.sharedInstance.wrap(whole(object, told)));
    }
    return stream.read(
        object.key(),
        object.size(),
        object.sha256(),
        what -> Mono.fromCallable(() -> found(object, what, told)).subscribeOn(BLOCKING));
  }

  private byte[] whole(StoredObject object, Consumer<ObjectCorrupt> told) {
    try (InputStream bytes = store.open(object.key())) {
      byte[] all = bytes.readNBytes((int) object.size() + 1);
      Sha256 digest = Sha256.ofJdk();
      digest.update(all, 0, all.length);
      check(object, all.length, digest, told);
      return all;
    } catch (ObjectMissing missing) {
      throw found(object, "it is missing", told);
    } catch (IOException e) {
      throw new StorageUnavailable("the object store stopped in the middle of " + object.key(), e);
    }
  }

  /**
   * A range of an object, each MiB of it checked before it is passed on.
   *
   * @param first byte, from 0
   * @param length at least 1
   * @throws ObjectCorrupt if it is known before the first byte; later the publisher fails with it
   */
  public Publisher<DataBuffer> read(
      StoredObject object, long first, long length, Consumer<ObjectCorrupt> told) {
    if (length == object.size()) {
      return read(object, told);
    }
    if (object.size() <= BlockChecks.BLOCK) {
      byte[] all = whole(object, told);
      return Flux.just(
          DefaultDataBufferFactory.sharedInstance.wrap(
              java.nio.ByteBuffer.wrap(all, (int) first, (int) length).slice()));
    }
    byte[] sums = blocks.of(object.key()).orElseGet(() -> sum(object, told));
    long start = first / BlockChecks.BLOCK * BlockChecks.BLOCK;
    long end =
        Math.min(object.size(), ((first + length - 1) / BlockChecks.BLOCK + 1) * BlockChecks.BLOCK);
    InputStream bytes;
    try {
      bytes = store.open(object.key(), start, end - start);
    } catch (ObjectMissing missing) {
      throw found(object, "it is missing", told);
    }
    return DataBufferUtils.outputStreamPublisher(
        out -> copyRange(object, sums, bytes, start, end, first, length, out, told),
        DefaultDataBufferFactory.sharedInstance,
        READERS,
        CHUNK);
  }

  /** Checks all bytes of an object; empty where they are the ones that were stored. */
  public Optional<String> damage(StoredObject object, Consumer<ObjectCorrupt> told) {
    try {
      sum(object, told);
      return Optional.empty();
    } catch (ObjectCorrupt e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  /** The bytes of an object as a stream, unchecked; for what checks them itself. */
  public InputStream open(StoredObject object) {
    try {
      return store.open(object.key());
    } catch (ObjectMissing missing) {
      throw found(object, "it is missing", corrupt -> {});
    }
  }

  /** The object's address at the store, where clients can reach it. */
  public Optional<String> publicAddress(StoredObject object, Duration valid) {
    return store.publicAddress(object.key(), valid);
  }

  /** Reads an object that has no block checks, or is to be verified, and keeps its checks. */
  private byte[] sum(StoredObject object, Consumer<ObjectCorrupt> told) {
    Sha256 digest = Sha256.of(object.size());
    BlockChecks checks = new BlockChecks();
    long size = 0;
    try (InputStream bytes = store.open(object.key())) {
      byte[] buffer = new byte[CHUNK];
      for (int read; (read = bytes.read(buffer)) >= 0; ) {
        digest.update(buffer, 0, read);
        checks.update(buffer, 0, read);
        size += read;
      }
    } catch (ObjectMissing missing) {
      throw found(object, "it is missing", told);
    } catch (IOException e) {
      throw new StorageUnavailable("the object store stopped in the middle of " + object.key(), e);
    }
    check(object, size, digest, told);
    byte[] sums = checks.finish();
    if (size > BlockChecks.BLOCK) {
      blocks.keep(object.key(), sums);
    }
    return sums;
  }

  private void copyRange(
      StoredObject object,
      byte[] sums,
      InputStream in,
      long start,
      long end,
      long first,
      long length,
      OutputStream out,
      Consumer<ObjectCorrupt> told) {
    try (in) {
      byte[] block = new byte[BlockChecks.BLOCK];
      for (long at = start; at < end; at += BlockChecks.BLOCK) {
        int expected = (int) Math.min(BlockChecks.BLOCK, end - at);
        int read = in.readNBytes(block, 0, expected);
        if (read < expected) {
          throw found(object, "its size is not the stored one", told);
        }
        if (!BlockChecks.matches(sums, at / BlockChecks.BLOCK, block, read)) {
          throw found(object, "the MiB from byte " + at + " is not the stored one", told);
        }
        int from = (int) Math.max(0, first - at);
        int to = (int) Math.min(read, first + length - at);
        out.write(block, from, to - from);
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
        blocks,
        memory,
        Math.toIntExact(settings.partSize().toBytes()),
        keys,
        declaredSha256,
        declaredSize);
  }
}
