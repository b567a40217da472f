// Small refinements; every page works without them.
'use strict';
