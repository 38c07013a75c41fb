/** What a browser may be made to do by a page of somebody else. */
@NullMarked
package io.millrace.gateway.browsers;

import org.jspecify.annotations.NullMarked;
