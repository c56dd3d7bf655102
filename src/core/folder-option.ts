/** The option of a plug-in that names a folder: found beside the configuration and looked for by `bifrost check`, by its mark alone. */
import { z } from 'zod'

/** The path of a folder that is there already. */
export const folderOption = () => z.string().min(1).meta({ folder: true })
