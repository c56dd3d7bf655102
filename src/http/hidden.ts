/** Stands in the place of a sentence that may name devices and tags, for those who may not view all of the gateway. */
export const HIDDEN = 'whoever may view all of this gateway is told more'
