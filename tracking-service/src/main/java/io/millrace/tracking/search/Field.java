package io.millrace.tracking.search;

/**
 * A field that can be asked or ordered by.
 *
 * @param key of an attribute its usual name, whatever synonym the client used; else as it came
 */
public record Field(Entity entity, String key) {

  @Override
  public String toString() {
    return entity == Entity.ATTRIBUTE ? key : entity.text() + "." + key;
  }
}
