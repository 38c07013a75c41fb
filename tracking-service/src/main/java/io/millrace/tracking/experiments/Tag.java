package io.millrace.tracking.experiments;

import io.millrace.tracking.mlflow.MlflowMessage;
import io.millrace.tracking.mlflow.Names;
import io.millrace.tracking.mlflow.ProtoJson;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.TreeMap;

/** A key with a text: a tag or a parameter. */
@ProtoJson
public record Tag(String key, String value) {

  /** The tags of a message by key; of a repeated key the last one counts. */
  public static SequencedMap<String, String> read(MlflowMessage message, String field) {
    TreeMap<String, String> tags = new TreeMap<>();
    for (MlflowMessage tag : message.messages(field)) {
      tags.put(Names.key(tag.required("key"), tag.path("key")), tag.textOrEmpty("value"));
    }
    return tags;
  }

  /** The entries of a map as tags, in its order. */
  public static List<Tag> list(Map<String, String> tags) {
    return tags.entrySet().stream().map(tag -> new Tag(tag.getKey(), tag.getValue())).toList();
  }
}
