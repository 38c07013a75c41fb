/**
 * Model packages in the cache; needs the module model-package, which artifact-client does not
 * bring.
 */
@NullMarked
package io.millrace.artifacts.packages;

import org.jspecify.annotations.NullMarked;
