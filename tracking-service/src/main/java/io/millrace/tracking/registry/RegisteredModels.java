package io.millrace.tracking.registry;

import io.millrace.database.Row;
import io.millrace.database.Tx;
import io.millrace.database.UniqueViolation;
import io.millrace.tracking.mlflow.MlflowException;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.springframework.stereotype.Component;

/** The store of registered models. */
@Component
class RegisteredModels {

  static final String COLUMNS =
      """
      m.*,
        array(select key from registered_model_tags t where t.name = m.name order by key)
          as tag_keys,
        array(select value from registered_model_tags t where t.name = m.name order by key)
          as tag_values,
        array(select alias from model_aliases a where a.name = m.name order by alias) as aliases,
        array(select version from model_aliases a where a.name = m.name order by alias)
          as alias_versions
      """;

  private final Clock clock;

  RegisteredModels(Clock clock) {
    this.clock = clock;
  }

  /** Makes a model unless it is there; returns whether it was made. */
  boolean create(Tx tx, String name, String description) {
    // A name that other services know from before goes on counting where it stopped.
    return tx.update(
            """
            with former as (delete from former_model_names where name = $1 returning last_version)
            insert into registered_models
              (name, description, creation_timestamp, last_updated_timestamp, last_version,
               platform_made)
            select $1, $2, $3::bigint, $3::bigint, coalesce(max(last_version), 0),
                   coalesce(max(last_version), 0) > 0
            from former
            on conflict (name) do nothing
            """,
            name,
            description,
            clock.millis())
        == 1;
  }

  Optional<RegisteredModel> find(Tx tx, String name) {
    return tx.queryOne(
        "select " + COLUMNS + " from registered_models m where m.name = $1",
        RegisteredModels::read,
        name);
  }

  RegisteredModel get(Tx tx, String name) {
    return find(tx, name).orElseThrow(() -> missing(name));
  }

  /** The model, with a lock under which its changes come one after another. */
  RegisteredModel lock(Tx tx, String name) {
    if (!lockIfThere(tx, name)) {
      throw missing(name);
    }
    return get(tx, name);
  }

  /** Takes the lock of {@link #lock}; false where there is no such model. */
  boolean lockIfThere(Tx tx, String name) {
    return tx.queryOne(
            "select model_id from registered_models where name = $1 for update",
            row -> row.int8("model_id"),
            name)
        .isPresent();
  }

  /** The name that a model goes by now which other services may still know by an older one. */
  String currentName(Tx tx, String name) {
    return tx.queryOne(
            """
            select m.name from former_model_names f
            join registered_models m on m.model_id = f.model_id where f.name = $1
            """,
            row -> row.string("name"),
            name)
        .orElse(name);
  }

  List<RegisteredModel> list(Tx tx, String after, int limit) {
    return tx.query(
        "select "
            + COLUMNS
            + " from registered_models m where m.name > $1 order by m.name limit $2",
        RegisteredModels::read,
        after,
        limit);
  }

  void describe(Tx tx, String name, String description) {
    tx.update(
        """
        update registered_models set description = $2, last_updated_timestamp = $3 where name = $1
        """,
        name,
        description,
        clock.millis());
  }

  void touch(Tx tx, String name) {
    tx.update(
        "update registered_models set last_updated_timestamp = $2 where name = $1",
        name,
        clock.millis());
  }

  /** Gives a model another name, which takes all that belongs to it along. */
  void rename(Tx tx, RegisteredModel model, String newName) {
    long taken =
        tx.query(
                """
                select 1 as n from registered_models where name = $1
                union all
                select 1 from former_model_names
                where name = $1 and model_id <> $2 and last_version > 0
                """,
                row -> row.int4("n"),
                newName,
                model.id())
            .size();
    if (taken > 0) {
      throw exists(newName);
    }
    tx.update("delete from former_model_names where name = $1", newName);
    try {
      tx.update(
          """
          update registered_models set name = $2, last_updated_timestamp = $3 where name = $1
          """,
          model.name(),
          newName,
          clock.millis());
    } catch (UniqueViolation takenMeanwhile) {
      throw exists(newName);
    }
    tx.update(
        "update model_versions set last_updated_timestamp = $2 where name = $1",
        newName,
        clock.millis());
    tx.update(
        """
        insert into former_model_names (name, model_id, last_version)
        select $1, model_id, last_version from registered_models where name = $2 and platform_made
        """,
        model.name(),
        newName);
  }

  /** Removes a model with all that belongs to it. */
  void delete(Tx tx, String name) {
    tx.update(
        """
        with gone as (
          delete from registered_models where name = $1
          returning name, model_id, last_version, platform_made)
        insert into former_model_names (name, model_id, last_version)
        select name, model_id, last_version from gone where platform_made
        """,
        name);
  }

  void setTag(Tx tx, String name, String key, String value) {
    tx.update(
        """
        insert into registered_model_tags (name, key, value) values ($1, $2, $3)
        on conflict (name, key) do update set value = excluded.value
        """,
        name,
        key,
        value);
  }

  void deleteTag(Tx tx, String name, String key) {
    tx.update("delete from registered_model_tags where name = $1 and key = $2", name, key);
  }

  void setAlias(Tx tx, String name, String alias, int version) {
    tx.update(
        """
        insert into model_aliases (name, alias, version) values ($1, $2, $3)
        on conflict (name, alias) do update set version = excluded.version
        """,
        name,
        alias,
        version);
  }

  void deleteAlias(Tx tx, String name, String alias) {
    tx.update("delete from model_aliases where name = $1 and alias = $2", name, alias);
  }

  static MlflowException missing(String name) {
    return MlflowException.missing("Registered Model with name=%s not found".formatted(name));
  }

  static MlflowException exists(String name) {
    return MlflowException.exists("Registered Model (name=%s) already exists.".formatted(name));
  }

  static RegisteredModel read(Row row) {
    String[] names = row.array("aliases", String[].class);
    Integer[] versions = row.array("alias_versions", Integer[].class);
    SortedMap<String, Integer> aliases = new TreeMap<>();
    for (int i = 0; i < names.length; i++) {
      aliases.put(names[i], versions[i]);
    }
    return new RegisteredModel(
        row.int8("model_id"),
        row.string("name"),
        row.string("description"),
        row.int8("creation_timestamp"),
        row.int8("last_updated_timestamp"),
        row.int4("last_version"),
        tags(row),
        aliases);
  }

  /** The columns tag_keys and tag_values as a map. */
  static SortedMap<String, String> tags(Row row) {
    String[] keys = row.array("tag_keys", String[].class);
    String[] values = row.array("tag_values", String[].class);
    SortedMap<String, String> tags = new TreeMap<>();
    for (int i = 0; i < keys.length; i++) {
      tags.put(keys[i], values[i]);
    }
    return tags;
  }

  /** Entries in the order of their keys. */
  static SortedMap<String, String> sorted(Map<String, String> tags) {
    return new TreeMap<>(tags);
  }
}
